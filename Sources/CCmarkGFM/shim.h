// The system's cmark-gfm: CommonMark with GitHub's tables, strikethrough and task lists.
#pragma once
#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
