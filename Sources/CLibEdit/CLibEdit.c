// The line editor as Swift can call it: see include/CLibEdit.h.
//
// A read runs libedit with our own character source: `next_character` waits on the terminal and on
// a pipe that signal handlers write to, so that every reaction to a signal (clear the line, resize,
// stop and continue) happens in ordinary code and handlers stay trivial.

#if defined(__linux__)
#define _GNU_SOURCE 1
#endif

#include "CLibEdit.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <locale.h>
#include <langinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

// What poll says of a terminal that is gone: only then does a read of nothing mean the end.
#define HUNG_UP (POLLHUP | POLLERR | POLLNVAL)

enum { INPUT_BYTES = 16384 };

struct tapline_editor {
  EditLine *edit;
  HistoryW *history;
  FILE *in;
  FILE *out;
  FILE *err;
  int input;
  wchar_t *prompt;

  void *context;
  tapline_complete complete;
  tapline_step step;
  tapline_rows rows;
  tapline_compose compose;
  tapline_search search;

  // Bytes read but not yet decoded, and code points decoded but not yet delivered.
  unsigned char bytes[INPUT_BYTES];
  size_t byte_count;
  uint32_t queue[INPUT_BYTES];
  size_t queue_head;
  size_t queue_count;
  bool is_pasting;
  sig_atomic_t interrupts_seen;

  // The line's length when the last key was read, and how much of it was last drawn as a whole.
  size_t length_seen;
  size_t refreshed;

  bool was_interrupted;
  bool is_at_end;
};

// ---------------------------------------------------------------------------------------------
// Signals

static volatile sig_atomic_t interrupt_flag;
static volatile sig_atomic_t interrupt_count;
static volatile sig_atomic_t is_reading;
static volatile sig_atomic_t stop_flag;
static volatile sig_atomic_t continue_flag;
static volatile sig_atomic_t resize_flag;
static atomic_llong last_interrupt_milliseconds;

static int wake_pipe[2] = {-1, -1};

// The terminal as it was before the first read, restored whenever the process ends.
static struct termios saved_terminal;
static volatile sig_atomic_t has_saved_terminal;
static volatile sig_atomic_t is_terminal_changed;
static int terminal_descriptor = -1;
static int terminal_output = -1;

// What a full-screen reader wants written when the terminal is restored; NULL while there is none.
static char *volatile keys_restore;
static volatile sig_atomic_t is_ignoring;

static const char PASTE_ON[] = "\033[?2004h";
static const char PASTE_OFF[] = "\033[?2004l";

static void wake(void) {
  if (wake_pipe[1] >= 0) {
    char byte = 1;
    ssize_t ignored = write(wake_pipe[1], &byte, 1);
    (void)ignored;
  }
}

static void restore_terminal(void) {
  if (!is_terminal_changed) return;
  is_terminal_changed = 0;
  if (has_saved_terminal && terminal_descriptor >= 0) {
    tcsetattr(terminal_descriptor, TCSANOW, &saved_terminal);
  }
  if (terminal_output >= 0) {
    ssize_t ignored = write(terminal_output, PASTE_OFF, sizeof PASTE_OFF - 1);
    const char *restore = keys_restore;
    if (restore != NULL) ignored = write(terminal_output, restore, strlen(restore));
    (void)ignored;
  }
}

static long long monotonic_milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_interrupt(int number) {
  (void)number;
  int saved_errno = errno;
  if (is_ignoring) return;
  if (!is_reading) {
    long long now = monotonic_milliseconds();
    long long last = atomic_exchange(&last_interrupt_milliseconds, now);
    if (interrupt_flag && last != 0 && now - last < 2000) {
      restore_terminal();
      _exit(130);
    }
  }
  interrupt_flag = 1;
  interrupt_count = (interrupt_count + 1) & 0xFFFF;
  wake();
  errno = saved_errno;
}

static void on_terminal_signal(int number) {
  int saved_errno = errno;
  if (number == SIGTSTP) stop_flag = 1;
  if (number == SIGCONT) continue_flag = 1;
  if (number == SIGWINCH) resize_flag = 1;
  wake();
  errno = saved_errno;
}

static const int ending_signals[] = {SIGHUP,  SIGQUIT, SIGTERM, SIGABRT, SIGSEGV,
                                     SIGBUS,  SIGILL,  SIGTRAP, SIGFPE};
enum { ENDING_COUNT = sizeof ending_signals / sizeof ending_signals[0] };
static struct sigaction ending_previous[ENDING_COUNT];

// Restores the terminal, then hands the signal to whoever had it before: a fault is raised again
// by its instruction, the others by kill.
static void on_ending(int number, siginfo_t *info, void *unused) {
  (void)unused;
  restore_terminal();
  for (int i = 0; i < ENDING_COUNT; i++) {
    if (ending_signals[i] == number) sigaction(number, &ending_previous[i], NULL);
  }
  bool is_fault = number == SIGSEGV || number == SIGBUS || number == SIGILL ||
                  number == SIGTRAP || number == SIGFPE;
  if (!is_fault || info == NULL || info->si_code <= 0) kill(getpid(), number);
}

static void make_wake_pipe(void) {
  if (wake_pipe[0] >= 0) return;
  if (pipe(wake_pipe) != 0) {
    wake_pipe[0] = wake_pipe[1] = -1;
    return;
  }
  for (int i = 0; i < 2; i++) {
    fcntl(wake_pipe[i], F_SETFD, FD_CLOEXEC);
    fcntl(wake_pipe[i], F_SETFL, O_NONBLOCK);
  }
}

static void drain_wake_pipe(void) {
  char bytes[64];
  while (wake_pipe[0] >= 0 && read(wake_pipe[0], bytes, sizeof bytes) > 0) {}
}

void tapline_interrupt_install(void) {
  static bool is_installed;
  if (is_installed) return;
  is_installed = true;
  make_wake_pipe();
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, NULL);

  // A parent may have started us with signals blocked.
  sigset_t unblocked;
  sigemptyset(&unblocked);
  sigaddset(&unblocked, SIGINT);
  sigaddset(&unblocked, SIGTERM);
  sigaddset(&unblocked, SIGTSTP);
  sigaddset(&unblocked, SIGCONT);
  sigaddset(&unblocked, SIGWINCH);
  pthread_sigmask(SIG_UNBLOCK, &unblocked, NULL);

  struct sigaction ending;
  memset(&ending, 0, sizeof ending);
  sigemptyset(&ending.sa_mask);
  ending.sa_sigaction = on_ending;
  ending.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (int i = 0; i < ENDING_COUNT; i++) {
    sigaction(ending_signals[i], NULL, &ending_previous[i]);
    // A signal that the parent chose to ignore (nohup) stays ignored.
    if (!(ending_previous[i].sa_flags & SA_SIGINFO) && ending_previous[i].sa_handler == SIG_IGN) {
      continue;
    }
    sigaction(ending_signals[i], &ending, NULL);
  }
  atexit(restore_terminal);
}

bool tapline_interrupt_requested(void) { return interrupt_flag != 0; }

void tapline_interrupt_clear(void) {
  interrupt_flag = 0;
  atomic_store(&last_interrupt_milliseconds, 0);
}

void tapline_interrupt_request(void) {
  interrupt_flag = 1;
  wake();
}

static int wait_readable(int descriptor) {
  for (;;) {
    if (interrupt_flag) return -2;
    struct pollfd polled[2] = {
        {.fd = descriptor, .events = POLLIN},
        {.fd = wake_pipe[0], .events = POLLIN},
    };
    int ready = poll(polled, wake_pipe[0] >= 0 ? 2 : 1, -1);
    if (ready < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (polled[1].revents) drain_wake_pipe();
    if (polled[0].revents && !interrupt_flag) return 0;
  }
}

int tapline_wait_readable(int descriptor) {
  is_reading = 1;
  int result = wait_readable(descriptor);
  is_reading = 0;
  return result;
}

void tapline_interrupt_ignore(bool is_ignored) {
  is_ignoring = is_ignored;
  if (!is_ignored) tapline_interrupt_clear();
}

// ---------------------------------------------------------------------------------------------
// Keys for a full-screen reader

static struct sigaction keys_previous[2];
static const int keys_signals[2] = {SIGWINCH, SIGCONT};
static int keys_input = -1;
static char *keys_alternate;

static void write_text(int descriptor, const char *text) {
  ssize_t ignored = write(descriptor, text, strlen(text));
  (void)ignored;
}

static bool set_raw(int input) {
  struct termios state = saved_terminal;
  state.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
  state.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | ISTRIP);
  state.c_cc[VMIN] = 0;  // As in prepare_terminal.
  state.c_cc[VTIME] = 0;
  return tcsetattr(input, TCSADRAIN, &state) == 0;
}

bool tapline_keys_begin(int input, int output, const char *alternate, const char *restore) {
  if (!has_saved_terminal) {
    if (tcgetattr(input, &saved_terminal) != 0) return false;
    has_saved_terminal = 1;
  }
  terminal_descriptor = input;
  terminal_output = output;
  make_wake_pipe();
  if (!set_raw(input)) return false;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_terminal_signal;
  for (int i = 0; i < 2; i++) sigaction(keys_signals[i], &action, &keys_previous[i]);
  resize_flag = continue_flag = 0;
  tapline_interrupt_clear();
  keys_input = input;
  keys_alternate = strdup(alternate);
  keys_restore = strdup(restore);
  is_terminal_changed = 1;
  is_reading = 1;
  write_text(output, alternate);
  return true;
}

void tapline_keys_end(void) {
  restore_terminal();
  free(keys_restore);
  free(keys_alternate);
  keys_restore = keys_alternate = NULL;
  for (int i = 0; i < 2; i++) sigaction(keys_signals[i], &keys_previous[i], NULL);
  is_reading = 0;
  tapline_interrupt_clear();
}

void tapline_keys_suspend(void) {
  restore_terminal();
  kill(getpid(), SIGTSTP);  // Execution resumes here when the shell continues us.
  set_raw(keys_input);
  is_terminal_changed = 1;
  if (keys_alternate != NULL) write_text(terminal_output, keys_alternate);
  resize_flag = 1;
}

int tapline_keys_next(int input, int milliseconds) {
  for (;;) {
    if (interrupt_flag) return TAPLINE_KEYS_INTERRUPTED;
    if (resize_flag || continue_flag) {
      resize_flag = 0;
      if (continue_flag) {
        // Continued after a stop that was not ours: the shell may have changed the terminal.
        continue_flag = 0;
        set_raw(input);
      }
      return TAPLINE_KEYS_RESIZED;
    }
    struct pollfd polled[2] = {
        {.fd = input, .events = POLLIN},
        {.fd = wake_pipe[0], .events = POLLIN},
    };
    int ready = poll(polled, wake_pipe[0] >= 0 ? 2 : 1, milliseconds);
    if (ready == 0) return TAPLINE_KEYS_NONE;
    if (ready < 0) {
      if (errno == EINTR) continue;
      return TAPLINE_KEYS_END;
    }
    if (wake_pipe[0] >= 0 && polled[1].revents) drain_wake_pipe();
    if (!polled[0].revents) continue;
    unsigned char byte;
    ssize_t count = read(input, &byte, 1);
    if (count == 1) return byte;
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count == 0 && !(polled[0].revents & HUNG_UP)) continue;
    return TAPLINE_KEYS_END;
  }
}

// ---------------------------------------------------------------------------------------------
// Terminal and locale

bool tapline_terminal_size(int descriptor, int *columns, int *rows) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return false;
  *columns = size.ws_col;
  *rows = size.ws_row == 0 ? 24 : size.ws_row;
  return true;
}

void tapline_terminal_expect_utf8(int descriptor) {
#ifdef IUTF8
  struct termios state;
  if (tcgetattr(descriptor, &state) != 0 || (state.c_iflag & IUTF8)) return;
  state.c_iflag |= IUTF8;
  tcsetattr(descriptor, TCSADRAIN, &state);
#endif
}

static bool is_utf8(void) {
  const char *codeset = nl_langinfo(CODESET);
  return codeset != NULL && (strcmp(codeset, "UTF-8") == 0 || strcmp(codeset, "utf8") == 0);
}

bool tapline_use_utf8_locale(void) {
  static const char *const candidates[] = {"", "C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"};
  for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
    if (setlocale(LC_CTYPE, candidates[i]) != NULL && is_utf8()) return true;
  }
  return false;
}

// ---------------------------------------------------------------------------------------------
// UTF-8

static size_t encode(uint32_t point, char *out) {
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) point = 0xFFFD;
  if (point < 0x80) {
    out[0] = (char)point;
    return 1;
  }
  if (point < 0x800) {
    out[0] = (char)(0xC0 | (point >> 6));
    out[1] = (char)(0x80 | (point & 0x3F));
    return 2;
  }
  if (point < 0x10000) {
    out[0] = (char)(0xE0 | (point >> 12));
    out[1] = (char)(0x80 | ((point >> 6) & 0x3F));
    out[2] = (char)(0x80 | (point & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | (point >> 18));
  out[1] = (char)(0x80 | ((point >> 12) & 0x3F));
  out[2] = (char)(0x80 | ((point >> 6) & 0x3F));
  out[3] = (char)(0x80 | (point & 0x3F));
  return 4;
}

// Bytes used, 0 if the sequence is cut off, or 1 with U+FFFD for a byte that is not UTF-8.
static size_t decode(const unsigned char *in, size_t count, uint32_t *point) {
  unsigned char lead = in[0];
  size_t length = lead < 0x80 ? 1 : lead >= 0xF0 && lead < 0xF5 ? 4
                : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 && lead < 0xE0 ? 2 : 0;
  *point = 0xFFFD;
  if (length == 0) return 1;
  if (length == 1) {
    *point = lead;
    return 1;
  }
  uint32_t value = lead & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; i++) {
    if (i >= count) return 0;
    if ((in[i] & 0xC0) != 0x80) return 1;
    value = value << 6 | (in[i] & 0x3F);
  }
  bool is_valid = value <= 0x10FFFF && !(value >= 0xD800 && value < 0xE000) &&
                  !(length == 3 && value < 0x800) && !(length == 4 && value < 0x10000);
  if (!is_valid) return 1;
  *point = value;
  return length;
}

static wchar_t *wide_copy(const char *text) {
  size_t count = strlen(text);
  wchar_t *wide = malloc((count + 1) * sizeof *wide);
  if (wide == NULL) return NULL;
  size_t at = 0;
  size_t used = 0;
  while (at < count) {
    uint32_t point;
    size_t step = decode((const unsigned char *)text + at, count - at, &point);
    if (step == 0) {
      point = 0xFFFD;
      step = count - at;
    }
    wide[used++] = (wchar_t)point;
    at += step;
  }
  wide[used] = 0;
  return wide;
}

static char *narrow_copy(const wchar_t *wide, size_t count) {
  char *text = malloc(count * 4 + 1);
  if (text == NULL) return NULL;
  size_t used = 0;
  for (size_t i = 0; i < count; i++) used += encode((uint32_t)wide[i], text + used);
  text[used] = 0;
  return text;
}

// ---------------------------------------------------------------------------------------------
// Input

static tapline_editor *editor_of(EditLine *edit) {
  void *data = NULL;
  el_wget(edit, EL_CLIENTDATA, &data);
  return data;
}

// A paste arrives between ESC[200~ and ESC[201~. Inside it a Tab is text, not a completion, and
// no control character except the line's end may act on the editor.
static void mark_pastes(tapline_editor *editor, uint32_t *text, size_t *count) {
  size_t used = 0;
  for (size_t i = 0; i < *count; i++) {
    if (text[i] == 27 && i + 5 < *count && text[i + 1] == '[' && text[i + 2] == '2' &&
        text[i + 3] == '0' && (text[i + 4] == '0' || text[i + 4] == '1') && text[i + 5] == '~') {
      editor->is_pasting = text[i + 4] == '0';
      i += 5;
      continue;
    }
    uint32_t point = text[i];
    if (editor->is_pasting) {
      if (point == '\r') {
        if (i + 1 < *count && text[i + 1] == '\n') continue;
        point = '\n';
      } else if (point == '\t') {
        point = ' ';
      } else if ((point < 32 && point != '\n') || point == 127) {
        continue;
      }
    }
    text[used++] = point;
  }
  *count = used;
}

// How many of the last code points may be the beginning of a paste mark.
static size_t unfinished_mark(const uint32_t *text, size_t count) {
  static const uint32_t mark[] = {27, '[', '2', '0'};
  for (size_t length = count < 5 ? count : 5; length >= 3; length--) {
    const uint32_t *tail = text + count - length;
    bool is_match = true;
    for (size_t i = 0; i < length && is_match; i++) {
      is_match = i < 4 ? tail[i] == mark[i] : tail[i] == '0' || tail[i] == '1';
    }
    if (is_match) return length;
  }
  return 0;
}

static void decode_available(tapline_editor *editor) {
  uint32_t *text = editor->queue;
  size_t count = 0;
  size_t at = 0;
  bool needs_composing = false;
  while (at < editor->byte_count) {
    uint32_t point;
    size_t step = decode(editor->bytes + at, editor->byte_count - at, &point);
    if (step == 0) break;
    text[count++] = point;
    needs_composing |= point >= 0x300;
    at += step;
  }
  size_t held = unfinished_mark(text, count);
  if (held < count || held == 0) {
    // The mark is ASCII: as many bytes as code points.
    count -= held;
    at -= held;
  }
  memmove(editor->bytes, editor->bytes + at, editor->byte_count - at);
  editor->byte_count -= at;
  mark_pastes(editor, text, &count);
  if (needs_composing && editor->compose != NULL) {
    count = (size_t)editor->compose(text, (int)count);
  }
  editor->queue_head = 0;
  editor->queue_count = count;
}

// Sets the terminal up for editing; sets it up again when the shell may have changed it.
//
// Ctrl-C makes the kernel throw away what was typed and not yet read, also between a poll that
// saw a key and the read of it. Reads must not wait then, or Ctrl-C would be lost until the next
// key: so no read waits, only poll does.
static void prepare_terminal(tapline_editor *editor) {
  el_wset(editor->edit, EL_PREP_TERM, 0);
  el_wset(editor->edit, EL_PREP_TERM, 1);
  struct termios state;
  if (tcgetattr(editor->input, &state) != 0) return;
  state.c_cc[VMIN] = 0;
  state.c_cc[VTIME] = 0;
  tcsetattr(editor->input, TCSADRAIN, &state);
}

static uint32_t *points_of(const wchar_t *text, size_t count) {
  uint32_t *points = malloc((count + 1) * sizeof *points);
  if (points == NULL) return NULL;
  for (size_t i = 0; i < count; i++) points[i] = (uint32_t)text[i];
  return points;
}

// Goes to the prompt's row and clears everything from there. After a resize the terminal may have
// wrapped what was on the screen to its new width; the rows are counted by that.
static void clear_line(tapline_editor *editor, bool is_resized) {
  if (editor->rows != NULL) {
    const LineInfoW *info = el_wline(editor->edit);
    size_t count = (size_t)(info->cursor - info->buffer);
    uint32_t *points = points_of(info->buffer, count);
    int rows = points == NULL
        ? 0
        : editor->rows(
              editor->context, points, (int)count, is_resized ? (int)editor->refreshed : -1);
    free(points);
    if (rows > 0) fprintf(editor->out, "\033[%dA", rows);
  }
  fputs("\r\033[J", editor->out);
}

static void redraw(tapline_editor *editor, bool is_resized) {
  if (is_resized) {
    clear_line(editor, true);
  } else {
    fputs("\r\033[J", editor->out);
  }
  el_wset(editor->edit, EL_REFRESH);
  editor->refreshed = editor->length_seen;
}

// Notes how the line came to be what it is on the screen: a character typed at its end is drawn
// alone, after anything else libedit draws the line.
static void note_drawing(tapline_editor *editor) {
  const LineInfoW *info = el_wline(editor->edit);
  size_t length = (size_t)(info->lastchar - info->buffer);
  bool is_typed = length == editor->length_seen + 1 && info->cursor == info->lastchar;
  if (length != editor->length_seen && !is_typed) editor->refreshed = length;
  editor->length_seen = length;
}

// The terminal that libedit gives back between lines does not echo, for the sake of pastes; whoever
// reads it next does without one.
static void set_echo(int input) {
  struct termios state;
  if (tcgetattr(input, &state) != 0 || (saved_terminal.c_lflag & ECHO) == 0) return;
  state.c_lflag |= ECHO;
  tcsetattr(input, TCSADRAIN, &state);
}

// True while tapline_terminal_echo keeps the terminal from echoing.
static bool is_echo_hidden;

void tapline_terminal_echo(bool is_on) {
  int input = terminal_descriptor >= 0 ? terminal_descriptor : 0;
  if (is_reading || !isatty(input)) return;
  if (!has_saved_terminal) {
    if (tcgetattr(input, &saved_terminal) != 0) return;
    has_saved_terminal = 1;
    terminal_descriptor = input;
  }
  if (is_on) {
    // Whoever else has changed the terminal, as for a paste, undoes it.
    if (!is_echo_hidden) return;
    is_echo_hidden = false;
    set_echo(input);
    is_terminal_changed = 0;
    return;
  }
  struct termios state;
  if (is_echo_hidden || tcgetattr(input, &state) != 0 || (state.c_lflag & ECHO) == 0) return;
  state.c_lflag &= ~(tcflag_t)ECHO;
  if (tcsetattr(input, TCSADRAIN, &state) != 0) return;
  is_echo_hidden = true;
  is_terminal_changed = 1;
}

static void react_to_signals(tapline_editor *editor) {
  if (stop_flag) {
    stop_flag = 0;
    fputs(PASTE_OFF, editor->out);
    fflush(editor->out);
    el_wset(editor->edit, EL_PREP_TERM, 0);
    set_echo(editor->input);
    struct sigaction stop, previous;
    memset(&stop, 0, sizeof stop);
    sigemptyset(&stop.sa_mask);
    stop.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &stop, &previous);
    kill(getpid(), SIGTSTP);  // Execution resumes here when the shell continues us.
    sigaction(SIGTSTP, &previous, NULL);
    continue_flag = 1;
  }
  if (continue_flag) {
    continue_flag = 0;
    prepare_terminal(editor);
    fputs(PASTE_ON, editor->out);
    el_resize(editor->edit);
    redraw(editor, false);
  }
  if (resize_flag) {
    resize_flag = 0;
    el_resize(editor->edit);
    redraw(editor, true);
  }
}

// libedit's character source: 1 with a character, 0 at the end, -1 when interrupted.
static int next_character(EditLine *edit, wchar_t *out) {
  tapline_editor *editor = editor_of(edit);
  note_drawing(editor);
  if (editor->interrupts_seen != interrupt_count) {
    // Ctrl-C also drops the lines of a paste that still wait, as the kernel drops its own.
    editor->interrupts_seen = interrupt_count;
    editor->queue_count = 0;
    editor->byte_count = 0;
    editor->is_pasting = false;
  }
  while (editor->queue_count == 0) {
    if (interrupt_flag) {
      editor->was_interrupted = true;
      errno = EINTR;
      return -1;
    }
    react_to_signals(editor);
    struct pollfd polled[2] = {
        {.fd = editor->input, .events = POLLIN},
        {.fd = wake_pipe[0], .events = POLLIN},
    };
    int ready = poll(polled, wake_pipe[0] >= 0 ? 2 : 1, -1);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return -1;
    if (polled[1].revents) {
      drain_wake_pipe();
      continue;
    }
    ssize_t count = read(editor->input, editor->bytes + editor->byte_count,
                         sizeof editor->bytes - editor->byte_count);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count == 0 && !(polled[0].revents & HUNG_UP)) continue;
    if (count <= 0) {
      editor->is_at_end = true;
      return 0;
    }
    editor->byte_count += (size_t)count;
    decode_available(editor);
  }
  *out = (wchar_t)editor->queue[editor->queue_head++];
  editor->queue_count--;
  return 1;
}

// ---------------------------------------------------------------------------------------------
// Keys

static unsigned char key_result(tapline_editor *editor, int result) {
  switch (result) {
    case TAPLINE_KEY_REFRESH: return CC_REFRESH;
    case TAPLINE_KEY_BEEP: return CC_REFRESH_BEEP;
    case TAPLINE_KEY_REDRAW:
      el_wset(editor->edit, EL_REFRESH);
      return CC_NORM;
    default: return CC_NORM;
  }
}

static unsigned char on_tab(EditLine *edit, int character) {
  (void)character;
  tapline_editor *editor = editor_of(edit);
  if (editor->complete == NULL) return CC_ERROR;
  const LineInfoW *info = el_wline(edit);
  size_t count = (size_t)(info->lastchar - info->buffer);
  uint32_t *points = points_of(info->buffer, count);
  if (points == NULL) return CC_ERROR;
  int result = editor->complete(
      editor->context, points, (int)count, (int)(info->cursor - info->buffer));
  free(points);
  return key_result(editor, result);
}

// Code points of the visible character that ends (`is_after` false) or begins at the cursor; 0 when
// there is none.
static int step_at_cursor(tapline_editor *editor, bool is_after) {
  const LineInfoW *info = el_wline(editor->edit);
  const wchar_t *start = is_after ? info->cursor : info->buffer;
  size_t count = (size_t)((is_after ? info->lastchar : info->cursor) - start);
  if (count == 0) return 0;
  if (editor->step == NULL) return 1;
  uint32_t *points = points_of(start, count);
  if (points == NULL) return 1;
  int step = editor->step(editor->context, points, (int)count, is_after);
  free(points);
  return step;
}

// Moves the cursor by `move` and deletes the `count` code points before it. Where two columns go,
// libedit's own update of the screen leaves the cursor one column too far right at the line's
// beginning: draw all of it.
static unsigned char delete_character(tapline_editor *editor, int move, int count) {
  clear_line(editor, false);
  if (move != 0) el_cursor(editor->edit, move);
  el_wdeletestr(editor->edit, count);
  el_wset(editor->edit, EL_REFRESH);
  return CC_NORM;
}

// Deletes one visible character, which may be several code points (an emoji, a letter with marks).
static unsigned char on_backspace(EditLine *edit, int character) {
  (void)character;
  tapline_editor *editor = editor_of(edit);
  int step = step_at_cursor(editor, false);
  if (step == 0) return CC_ERROR;
  return delete_character(editor, 0, step);
}

enum { CTRL_D = 4 };

// Deletes the visible character after the cursor; Ctrl-D on an empty line is the end of input.
static unsigned char on_delete(EditLine *edit, int character) {
  tapline_editor *editor = editor_of(edit);
  const LineInfoW *info = el_wline(edit);
  int step = step_at_cursor(editor, true);
  if (step == 0) {
    bool is_end = character == CTRL_D && info->lastchar == info->buffer;
    return is_end ? CC_EOF : CC_ERROR;
  }
  return delete_character(editor, step, step);
}

// libedit's own incremental search looks a Hangul syllable's low byte up in its key map, which ends
// the search at every other syllable; this one asks Swift, which compares as people do.
enum { PATTERN_MAX = 256 };

static void replace_line(tapline_editor *editor, const wchar_t *text) {
  const LineInfoW *info = el_wline(editor->edit);
  int count = (int)(info->lastchar - info->buffer);
  el_cursor(editor->edit, (int)(info->lastchar - info->cursor));
  if (count > 0) el_wdeletestr(editor->edit, count);
  if (text[0] != 0) el_winsertstr(editor->edit, text);
}

// Shows what is found; returns whether anything was. The line is cleared before its prompt changes.
static bool show_search(
    tapline_editor *editor, const uint32_t *pattern, int count, int *at, int from, int step,
    const wchar_t *original) {
  clear_line(editor, false);
  int found = -1;
  char *entry = NULL;
  char *prompt =
      editor->search(editor->context, pattern, count, from, step, &found, &entry);
  free(editor->prompt);
  editor->prompt = prompt == NULL ? NULL : wide_copy(prompt);
  free(prompt);
  if (found >= 0 && entry != NULL) {
    *at = found;
    wchar_t *wide = wide_copy(entry);
    if (wide != NULL) replace_line(editor, wide);
    free(wide);
  } else if (count == 0) {
    replace_line(editor, original);
  }
  free(entry);
  el_wset(editor->edit, EL_REFRESH);
  return found >= 0;
}

static unsigned char on_search(EditLine *edit, int character) {
  (void)character;
  tapline_editor *editor = editor_of(edit);
  if (editor->search == NULL) return CC_ERROR;
  const LineInfoW *info = el_wline(edit);
  size_t length = (size_t)(info->lastchar - info->buffer);
  wchar_t *original = calloc(length + 1, sizeof *original);
  if (original == NULL) return CC_ERROR;
  memcpy(original, info->buffer, length * sizeof *original);
  wchar_t *prompt = editor->prompt;
  editor->prompt = NULL;

  uint32_t pattern[PATTERN_MAX];
  int count = 0;
  int at = 0;
  bool is_kept = true;
  show_search(editor, pattern, count, &at, 0, 1, original);
  for (;;) {
    wchar_t wide = 0;
    if (el_wgetc(edit, &wide) != 1) {
      is_kept = false;
      break;
    }
    uint32_t point = (uint32_t)wide;
    if (point == 18 || point == 19) {  // Ctrl-R, Ctrl-S: the next one, the one before.
      if (count > 0) {
        int step = point == 18 ? 1 : -1;
        show_search(editor, pattern, count, &at, at + step, step, original);
      }
    } else if (point == 8 || point == 127) {
      if (count == 0) break;
      count--;
      show_search(editor, pattern, count, &at, 0, 1, original);
    } else if (point == 7) {  // Ctrl-G: back to what was typed.
      is_kept = false;
      break;
    } else if (point < 32) {
      // Enter, an arrow, any other command: it acts on the line that was found.
      wchar_t again[2] = {wide, 0};
      el_wpush(edit, again);
      break;
    } else if (count < PATTERN_MAX) {
      pattern[count++] = point;
      show_search(editor, pattern, count, &at, at, 1, original);
    }
  }
  clear_line(editor, false);
  free(editor->prompt);
  editor->prompt = prompt;
  if (!is_kept) replace_line(editor, original);
  free(original);
  // Tells Swift that the line's own prompt stands there again.
  int found = -1;
  char *entry = NULL;
  free(editor->search(editor->context, pattern, -1, 0, 0, &found, &entry));
  free(entry);
  el_wset(edit, EL_REFRESH);
  return CC_NORM;
}

void tapline_editor_delete_before(tapline_editor *editor, int count) {
  if (count > 0) el_wdeletestr(editor->edit, count);
}

void tapline_editor_insert(tapline_editor *editor, const char *text) {
  wchar_t *wide = wide_copy(text);
  if (wide == NULL) return;
  if (wide[0] != 0) el_winsertstr(editor->edit, wide);
  free(wide);
}

void tapline_editor_write(tapline_editor *editor, const char *text) {
  fputs(text, editor->out);
  fflush(editor->out);
}

int tapline_editor_pending(tapline_editor *editor, uint32_t *line, int capacity, int *cursor) {
  const LineInfoW *info = el_wline(editor->edit);
  int count = (int)(info->lastchar - info->buffer);
  if (count > capacity) count = capacity;
  for (int i = 0; i < count; i++) line[i] = (uint32_t)info->buffer[i];
  *cursor = (int)(info->cursor - info->buffer);
  if (*cursor > count) *cursor = count;
  return count;
}

// ---------------------------------------------------------------------------------------------
// History

void tapline_editor_history_clear(tapline_editor *editor) {
  HistEventW event;
  history_w(editor->history, &event, H_CLEAR);
}

void tapline_editor_history_add(tapline_editor *editor, const char *text) {
  wchar_t *wide = wide_copy(text);
  if (wide == NULL) return;
  HistEventW event;
  history_w(editor->history, &event, H_ENTER, wide);
  free(wide);
}

// ---------------------------------------------------------------------------------------------
// The editor

static wchar_t empty_prompt[] = L"";

static wchar_t *prompt_of(EditLine *edit) {
  tapline_editor *editor = editor_of(edit);
  return editor->prompt == NULL ? empty_prompt : editor->prompt;
}

static FILE *stream(int descriptor, const char *mode) {
  int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return NULL;
  FILE *file = fdopen(copy, mode);
  if (file == NULL) close(copy);
  return file;
}

static void bind_keys(EditLine *edit) {
  el_wset(edit, EL_ADDFN, L"tapline-complete", L"Complete the word", on_tab);
  el_wset(edit, EL_ADDFN, L"tapline-search", L"Search the history", on_search);
  el_wset(edit, EL_ADDFN, L"tapline-backspace", L"Delete one character", on_backspace);
  el_wset(edit, EL_ADDFN, L"tapline-delete", L"Delete the next character", on_delete);
  el_wset(edit, EL_EDITOR, L"emacs");
  el_wset(edit, EL_BIND, L"^R", L"tapline-search", NULL);
  el_wset(edit, EL_BIND, L"^D", L"tapline-delete", NULL);
  el_wset(edit, EL_BIND, L"^W", L"ed-delete-prev-word", NULL);
  el_wset(edit, EL_BIND, L"^U", L"vi-kill-line-prev", NULL);
  el_wset(edit, EL_BIND, L"\\e[1~", L"ed-move-to-beg", NULL);
  el_wset(edit, EL_BIND, L"\\e[4~", L"ed-move-to-end", NULL);
  el_wset(edit, EL_BIND, L"\\e[H", L"ed-move-to-beg", NULL);
  el_wset(edit, EL_BIND, L"\\e[F", L"ed-move-to-end", NULL);
  el_wset(edit, EL_BIND, L"\\eOH", L"ed-move-to-beg", NULL);
  el_wset(edit, EL_BIND, L"\\eOF", L"ed-move-to-end", NULL);
  el_wset(edit, EL_BIND, L"\\e[3~", L"tapline-delete", NULL);
  el_wset(edit, EL_BIND, L"\\e[1;5C", L"em-next-word", NULL);
  el_wset(edit, EL_BIND, L"\\e[1;5D", L"ed-prev-word", NULL);
  // The user's own choices; `bind -v` here resets every key, so ours that must work come after.
  el_source(edit, NULL);
  el_wset(edit, EL_BIND, L"^I", L"tapline-complete", NULL);
  el_wset(edit, EL_BIND, L"^R", L"tapline-search", NULL);
  el_wset(edit, EL_BIND, L"^?", L"tapline-backspace", NULL);
  el_wset(edit, EL_BIND, L"^H", L"tapline-backspace", NULL);
}

tapline_editor *tapline_editor_open(int input, int output, int history_max) {
  tapline_editor *editor = calloc(1, sizeof *editor);
  if (editor == NULL) return NULL;
  editor->input = input;
  editor->in = stream(input, "r");
  editor->out = stream(output, "w");
  editor->err = stream(output, "w");
  editor->history = history_winit();
  if (editor->in != NULL && editor->out != NULL && editor->err != NULL &&
      editor->history != NULL) {
    editor->edit = el_init("tapline", editor->in, editor->out, editor->err);
  }
  if (editor->edit == NULL) {
    tapline_editor_close(editor);
    return NULL;
  }
  if (!has_saved_terminal && tcgetattr(input, &saved_terminal) == 0) {
    has_saved_terminal = 1;
    terminal_descriptor = input;
    terminal_output = output;
  }
  make_wake_pipe();
  HistEventW event;
  history_w(editor->history, &event, H_SETSIZE, history_max);
  history_w(editor->history, &event, H_SETUNIQUE, 1);
  el_wset(editor->edit, EL_CLIENTDATA, editor);
  el_wset(editor->edit, EL_SIGNAL, 0);
  el_wset(editor->edit, EL_HIST, history_w, editor->history);
  el_wset(editor->edit, EL_PROMPT_ESC, prompt_of, L'\1');
  el_wset(editor->edit, EL_GETCFN, next_character);
  // Ctrl-S must not freeze the screen: who does not know Ctrl-Q takes it for a crash.
  el_wset(editor->edit, EL_SETTY, L"-d", L"-ixon", NULL);
  // While a command runs between two lines of a paste, the kernel must not echo the rest of it.
  el_wset(editor->edit, EL_SETTY, L"-x", L"-echo", NULL);
  bind_keys(editor->edit);
  return editor;
}

void tapline_editor_close(tapline_editor *editor) {
  if (editor->edit != NULL) el_end(editor->edit);
  if (editor->history != NULL) history_wend(editor->history);
  if (editor->in != NULL) fclose(editor->in);
  if (editor->out != NULL) fclose(editor->out);
  if (editor->err != NULL) fclose(editor->err);
  free(editor->prompt);
  free(editor);
}

void tapline_editor_set_callbacks(
    tapline_editor *editor, void *context, tapline_complete complete, tapline_step step,
    tapline_rows rows, tapline_compose compose, tapline_search search) {
  editor->context = context;
  editor->complete = complete;
  editor->step = step;
  editor->rows = rows;
  editor->compose = compose;
  editor->search = search;
}

static const int reading_signals[] = {SIGTSTP, SIGCONT, SIGWINCH};
enum { READING_COUNT = sizeof reading_signals / sizeof reading_signals[0] };

static void begin_reading(tapline_editor *editor, struct sigaction *previous) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = on_terminal_signal;
  for (int i = 0; i < READING_COUNT; i++) {
    sigaction(reading_signals[i], &action, &previous[i]);
  }
  stop_flag = continue_flag = resize_flag = 0;
  tapline_interrupt_clear();
  is_terminal_changed = 1;
  is_reading = 1;
  fputs(PASTE_ON, editor->out);
  el_resize(editor->edit);
  // Before the prompt appears, or the kernel would echo what is typed right after it.
  prepare_terminal(editor);
}

static void end_reading(tapline_editor *editor, const struct sigaction *previous) {
  fputs(PASTE_OFF, editor->out);
  fflush(editor->out);
  if (!editor->is_pasting) set_echo(editor->input);
  for (int i = 0; i < READING_COUNT; i++) sigaction(reading_signals[i], &previous[i], NULL);
  tapline_interrupt_clear();
  is_reading = 0;
  is_terminal_changed = 0;
}

int tapline_editor_read(tapline_editor *editor, const char *prompt, char **line) {
  *line = NULL;
  free(editor->prompt);
  editor->prompt = wide_copy(prompt);
  editor->was_interrupted = false;
  editor->is_at_end = false;
  editor->length_seen = editor->refreshed = 0;

  struct sigaction previous[READING_COUNT];
  begin_reading(editor, previous);
  int count = 0;
  const wchar_t *text = el_wgets(editor->edit, &count);
  end_reading(editor, previous);

  if (editor->was_interrupted) return TAPLINE_INTERRUPTED;
  if (text == NULL || count <= 0) {
    return count < 0 && !editor->is_at_end ? TAPLINE_FAILED : TAPLINE_END;
  }
  size_t length = (size_t)count;
  if (text[length - 1] == L'\n') length--;
  *line = narrow_copy(text, length);
  return *line == NULL ? TAPLINE_FAILED : TAPLINE_LINE;
}
