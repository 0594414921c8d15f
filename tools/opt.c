/* SPDX-License-Identifier: Apache-2.0 */
/* Options and messages of all commands, on top of glibc's argp.
 *
 * In: texts from the command line. Out: checked values, or the end of the program with exit status 2
 * and a line that names the option, what was found and what was expected. Nothing is guessed: numbers
 * are read whole and in the C locale, an option given twice is an error. Messages go to standard error; only
 * opt_end() turns a library status into an exit
 * status. */
#include "opt.h"

#include "base/file.h"
#include "base/nearest.h"
#include "base/text.h"
#include "base/unicode.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 1024

/* The option with that key, or NULL for arguments and argp's own keys. */
static const struct argp_option *find_option(const struct argp_option *options, int key)
{
    for (; options->name || options->key || options->doc; options++)
        if (options->name && options->key == key)
            return options;
    return NULL;
}

/* Long options: the command's, and argp's own. */
struct long_options {
    const struct argp_option *list;
    size_t count; /* of the list's entries, those without a name included */
};

static const char *long_option(const void *names, size_t i)
{
    static const char *const own[] = {"help", "usage", "version"};
    const struct long_options *options = names;
    if (i >= options->count)
        return own[i - options->count];
    return options->list[i].name ? options->list[i].name : "";
}

#define OWN_OPTIONS 3

/* Whether the next word belongs to this one, which has no '='. */
static bool takes_next(const struct long_options *options, const char *word)
{
    bool is_long = word[0] == '-' && word[1] == '-';
    for (size_t i = 0; word[0] == '-' && i < options->count; i++) {
        const struct argp_option *option = &options->list[i];
        bool meant = is_long ? option->name && strcmp(option->name, word + 2) == 0
                             : option->key > 0 && option->key < OPT_LONG &&
                                   word[1] == option->key && !word[2];
        if (meant)
            return option->arg && !(option->flags & OPTION_ARG_OPTIONAL);
    }
    return false;
}

/* Says which option was meant where one is near; getopt refuses it then. */
static void suggest_option(
    const struct long_options *options, const char *command, const char *word)
{
    char name[64];
    size_t length = strcspn(word, "=");
    if (length >= sizeof name)
        return;
    memcpy(name, word, length);
    name[length] = '\0';
    for (size_t i = 0; i < options->count + OWN_OPTIONS; i++)
        if (strncmp(long_option(options, i), name, length) == 0)
            return; /* known, or the beginning of one that is */
    const char *near = tp_nearest(name, options, options->count + OWN_OPTIONS, long_option);
    if (near && *near)
        opt_say("%s: option '--%s' is not known; did you mean '--%s'?", command, name, near);
}

static void suggest_options(const struct argp *argp, int argc, char **argv)
{
    struct long_options options = {argp->options, 0};
    while (options.list[options.count].name || options.list[options.count].key ||
           options.list[options.count].doc)
        options.count++;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--", 2) == 0)
            suggest_option(&options, argv[0], argv[i] + 2);
        i += takes_next(&options, argv[i]);
    }
}

void opt_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    for (int i = 1; i < argc; i++) { /* getopt would print an unknown option as it is */
        if (argv[i][0] != '-' ||
            (tp_utf8_count(argv[i]) != SIZE_MAX && !tp_utf8_has_control(argv[i])))
            continue;
        opt_say("%s: found option '%s', expected plain text", argv[0], argv[i]);
        exit(TP_EUSAGE);
    }
    suggest_options(argp, argc, argv);
    if (argp_parse(argp, argc, argv, 0, NULL, input)) {
        fprintf(stderr, "%s: out of memory\n", argv[0]);
        exit(TP_EINTERNAL);
    }
}

void opt_begin(const struct argp_state *state, const struct argp_option *options,
    struct opt_seen *seen, int key)
{
    const struct argp_option *option = find_option(options, key);
    if (!option)
        return;
    if (opt_given(seen, key) && key != OPT_DUMP && key < OPT_MANY)
        opt_error(state, "option --%s is given twice", option->name);
    if (!opt_given(seen, key) && seen->count < OPT_KEYS_MAX)
        seen->keys[seen->count++] = key;
}

bool opt_given(const struct opt_seen *seen, int key)
{
    for (int i = 0; i < seen->count; i++)
        if (seen->keys[i] == key)
            return true;
    return false;
}

void opt_error(const struct argp_state *state, const char *format, ...)
{
    char line[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(line, sizeof line, format, args);
    va_end(args);
    tp_utf8_clean(line, "");
    argp_error(state, "%s", line);
}

void opt_argument(const struct argp_state *state, const char **target, const char *text)
{
    if (*target)
        opt_error(state, "too many arguments: '%s' after '%s'", text, *target);
    *target = text;
}

void opt_need(const struct argp_state *state, const char *value, const char *what)
{
    if (!value)
        opt_error(state, "%s is missing", what);
}

void opt_spare(
    const struct argp_state *state, const char *output, const char *option, const char *input)
{
    if (input && tp_path_replaces(output, input))
        opt_error(state, "-o %s: would change the input %s %s; write to another file", output,
            option, input);
}

void opt_recordable(const struct argp_state *state, const char *option, const char *input)
{
    if (!input)
        return;
    char *base = tp_path_base(input);
    if (!base)
        argp_failure(state, TP_EINTERNAL, 0, "out of memory");
    else if (tp_utf8_has_control(base))
        opt_error(state,
            "%s: the name of the file '%s' has a control character, which a plan cannot record; "
            "rename it",
            option, base);
    else if (tp_utf8_count(base) == SIZE_MAX)
        opt_error(state,
            "%s: the name of the file '%s' is not UTF-8, and a plan cannot record it; rename it",
            option, base);
    free(base);
}

void opt_one_pipe(const struct argp_state *state, const char *const *paths, int count)
{
    int pipes = 0;
    for (int i = 0; i < count; i++)
        if (paths[i] && strcmp(paths[i], "-") == 0)
            pipes++;
    if (pipes > 1)
        opt_error(state, "only one input can be '-', standard input");
}

int64_t opt_integer(
    const struct argp_state *state, const char *name, const char *text, int64_t min, int64_t max)
{
    int64_t value = 0;
    if (!tp_parse_integer(text, &value) || value < min || value > max)
        opt_error(state,
            "%s: found '%s', expected an integer in decimal digits, from %" PRId64 " to %" PRId64,
            name, text, min, max);
    return value;
}

int32_t opt_int32(
    const struct argp_state *state, const char *name, const char *text, int32_t min, int32_t max)
{
    return (int32_t)opt_integer(state, name, text, min, max);
}

double opt_real(
    const struct argp_state *state, const char *name, const char *text, double min, bool automatic)
{
    if (automatic && strcmp(text, "auto") == 0)
        return NAN;
    double value = 0;
    if (!tp_parse_real(text, &value) || value < min)
        opt_error(state, "%s: found '%s', expected a number, at least %d%s", name, text, (int)min,
            automatic ? ", or auto" : "");
    return value;
}

const char *opt_dump(const struct argp_state *state, const char *name, const char *text)
{
    if (strcmp(text, "-") == 0)
        opt_error(state, "%s: expected a folder or a file, found '-'", name);
    return text;
}

enum tp_measure opt_measure(const struct argp_state *state, const char *text)
{
    if (strcmp(text, "cosine") == 0)
        return TP_MEASURE_COSINE;
    if (strcmp(text, "cka") != 0)
        opt_error(state, "--measure: found '%s', expected cka or cosine", text);
    return TP_MEASURE_CKA;
}

bool opt_missing(const struct argp_state *state, const char *text)
{
    if (strcmp(text, "neutral") != 0)
        opt_error(state, "--missing: found '%s', expected neutral", text);
    return true;
}

char opt_separator(const struct argp_state *state, const char *text)
{
    if (strlen(text) != 1 || !strchr(" ;|", *text))
        opt_error(state, "--separator: found '%s', expected ' ', ';' or '|'", text);
    return *text;
}

int32_t opt_threads(const struct argp_state *state, const char *text)
{
    return opt_int32(state, "--threads", text, 1, THREADS_MAX);
}

bool opt_progress(bool quiet)
{
    const char *terminal = getenv("TERM");
    return !quiet && terminal && strcmp(terminal, "dumb") != 0;
}

void opt_say(const char *format, ...)
{
    char line[TP_ERROR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    tp_format(line, sizeof line, format, args);
    va_end(args);
    tp_utf8_clean(line, "");
    fprintf(stderr, "%s\n", line);
}

void opt_say_lines(const char *lines)
{
    while (*lines) {
        int length = (int)strcspn(lines, "\n");
        opt_say("%.*s", length, lines);
        lines += length + (lines[length] == '\n');
    }
}

int opt_end(const char *command, enum tp_status status, const struct tp_error *err)
{
    if (status == TP_OK)
        return TP_OK;
    fprintf(stderr, "%s: %s\n", command, err->text);
    return status == TP_ENOMEM ? TP_EINTERNAL : (int)status;
}
