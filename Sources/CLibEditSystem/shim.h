// The system's libedit. CLibEdit wraps what Swift cannot call.
#pragma once
#include <histedit.h>
