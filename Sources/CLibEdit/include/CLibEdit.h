// The line editor as Swift can call it.
//
// libedit's setters are variadic, C's stdin is out of reach in Swift 6, and the work of a signal
// handler must not run Swift. This shim wraps libedit's wide API behind one opaque editor, reads
// and decodes UTF-8 itself, and owns the process's interrupt state.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct tapline_editor tapline_editor;

/// How a read ended.
enum {
  TAPLINE_LINE = 0,
  TAPLINE_INTERRUPTED = 1,
  TAPLINE_END = 2,
  TAPLINE_FAILED = 3,
};

/// What a key function asks the editor to do next.
enum {
  TAPLINE_KEY_NONE = 0,
  TAPLINE_KEY_REFRESH = 1,
  TAPLINE_KEY_REDRAW = 2,
  TAPLINE_KEY_BEEP = 3,
};

/// Called for Tab: the line as code points, its length, and the cursor as a code point index.
typedef int (*tapline_complete)(
    void *_Nullable context, const uint32_t *_Nonnull line, int count, int cursor);

/// Called for Backspace and Delete: how many code points make up the visible character that ends, or
/// begins (`is_first`), the `count` points.
typedef int (*tapline_step)(
    void *_Nullable context, const uint32_t *_Nonnull points, int count, bool is_first);

/// Called before a line is drawn anew: how many rows of the screen lie between the prompt's row and
/// the cursor's. After a resize, `refreshed` is how many of the code points libedit drew as a whole
/// line (it ends a row that a wide character does not fill by a line break, where typing fills it
/// with a space); else it is -1.
typedef int (*tapline_rows)(
    void *_Nullable context, const uint32_t *_Nonnull line, int cursor, int refreshed);

/// Called while the history is searched. Finds the entry that holds `pattern`, at `from` or older
/// (`from` 0 is the newest; `step` 1) or newer (`step` -1), and sets `found` to it, or to -1.
/// Returns the prompt to show; `entry` receives the entry. Both are freed by the caller.
typedef char *_Nullable (*tapline_search)(
    void *_Nullable context, const uint32_t *_Nonnull pattern, int count, int from, int step,
    int *_Nonnull found, char *_Nullable *_Nonnull entry);

/// Called for a chunk of input that holds combining characters: composes them in place and returns
/// the new count, which is never larger.
typedef int (*tapline_compose)(uint32_t *_Nonnull text, int count);

/// Opens an editor over two terminal descriptors; NULL if that cannot be done.
tapline_editor *_Nullable tapline_editor_open(int input, int output, int history_max);

/// Restores the terminal and frees the editor.
void tapline_editor_close(tapline_editor *_Nonnull editor);

void tapline_editor_set_callbacks(
    tapline_editor *_Nonnull editor, void *_Nullable context, tapline_complete _Nonnull complete,
    tapline_step _Nonnull step, tapline_rows _Nonnull rows, tapline_compose _Nonnull compose,
    tapline_search _Nonnull search);

/// Reads one line. The prompt may hold colour sequences, each between two \x01.
/// `line` receives UTF-8 that the caller frees; it is NULL unless TAPLINE_LINE is returned.
int tapline_editor_read(
    tapline_editor *_Nonnull editor, const char *_Nonnull prompt,
    char *_Nullable *_Nonnull line);

/// Inside a key function: removes code points before the cursor.
void tapline_editor_delete_before(tapline_editor *_Nonnull editor, int count);
/// Inside a key function: inserts UTF-8 at the cursor.
void tapline_editor_insert(tapline_editor *_Nonnull editor, const char *_Nonnull text);
/// Writes UTF-8 to the editor's output and flushes it.
void tapline_editor_write(tapline_editor *_Nonnull editor, const char *_Nonnull text);
/// The line that was being edited when a read was interrupted, and its cursor.
int tapline_editor_pending(
    tapline_editor *_Nonnull editor, uint32_t *_Nonnull line, int capacity,
    int *_Nonnull cursor);

void tapline_editor_history_clear(tapline_editor *_Nonnull editor);
void tapline_editor_history_add(tapline_editor *_Nonnull editor, const char *_Nonnull text);

/// Makes the C library speak UTF-8; false if no UTF-8 locale exists.
bool tapline_use_utf8_locale(void);

/// Installs the SIGINT handler, and handlers that restore the terminal before a crash or an end.
void tapline_interrupt_install(void);
/// Whether Ctrl-C was pressed since the last clear.
bool tapline_interrupt_requested(void);
void tapline_interrupt_clear(void);
/// Requests an interrupt as Ctrl-C does, without the forced end of a second press.
void tapline_interrupt_request(void);
/// Blocks until a byte can be read, an interrupt (returns -2), or an error (-1).
int tapline_wait_readable(int descriptor);

/// Tells the kernel's own line editing that characters are UTF-8, so that backspace removes one.
void tapline_terminal_expect_utf8(int descriptor);

/// Whether the terminal shows what is typed while no line is being read; what is typed is kept either
/// way. Nothing happens where there is no terminal.
void tapline_terminal_echo(bool is_on);

/// Columns and rows of a terminal; false if it is none.
bool tapline_terminal_size(int descriptor, int *_Nonnull columns, int *_Nonnull rows);

/// What `tapline_keys_next` returns besides a byte.
enum {
  TAPLINE_KEYS_END = -1,
  TAPLINE_KEYS_INTERRUPTED = -2,
  TAPLINE_KEYS_RESIZED = -3,
  TAPLINE_KEYS_NONE = -4,
};

/// Gives a terminal's keys to a full-screen reader: no echo, no line editing, no signals from keys.
/// False if it is no terminal. The terminal is restored by `tapline_keys_end`, and whenever the
/// process ends before. `alternate` is written now, `restore` at the end.
bool tapline_keys_begin(
    int input, int output, const char *_Nonnull alternate, const char *_Nonnull restore);
/// Blocks until a key's next byte (0 to 255), or one of the above. With `milliseconds` >= 0, gives
/// up after that time with TAPLINE_KEYS_NONE.
int tapline_keys_next(int input, int milliseconds);
void tapline_keys_end(void);
/// Stops the process as Ctrl-Z does, the terminal restored meanwhile; returns when continued.
void tapline_keys_suspend(void);

/// While another program has the terminal (an editor, a pager), Ctrl-C is its own: it is not
/// counted here and never ends this process.
void tapline_interrupt_ignore(bool is_ignored);
