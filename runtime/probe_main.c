/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-probe: makes the system calls that it is told to and says what came of each. It runs
 * inside the sandbox that is to be proved, under whatever policy that is: so it has no libc, which
 * would make calls of its own, and uses read, write and exit_group only; and for calls in a child
 * clone, prlimit64 and wait4.
 *
 * Input, one call a line:     ID NR ARG ARG ARG ARG ARG ARG
 * Output, one result a line:  ID RESULT
 *
 *   NR   of the call; "cNR", of execve: the program is executed in a child that may have no memory
 *        then, and so is killed before it can begin; RESULT is 0 if it came to that
 *   ARG  a number; "b": the address of an empty buffer; "r": the last result; "sTEXT": the address
 *        of TEXT, which ends at the blank; "wN,N,...": the address of these 64-bit words
 */
#include <asm/unistd.h>
#include <linux/resource.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned long word;

/* The child of vfork(2) runs on our stack: between its birth and its end nothing may be pushed. */
#define always_inline static inline __attribute__((always_inline))

#define INPUT_MAX (1 << 20)
#define N_ARGS 6
#define SIGCHLD 17

void probe_start(void);

static char input[INPUT_MAX + 1];
static word buffer[512];
static word words[64];

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall probe_start\n");

always_inline long call(word nr, const word a[N_ARGS])
{
	register word r10 __asm__("r10") = a[3];
	register word r8 __asm__("r8") = a[4];
	register word r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tbl probe_start\n");

always_inline long call(word nr, const word a[N_ARGS])
{
	register word x8 __asm__("x8") = nr;
	register word x0 __asm__("x0") = a[0];
	register word x1 __asm__("x1") = a[1];
	register word x2 __asm__("x2") = a[2];
	register word x3 __asm__("x3") = a[3];
	register word x4 __asm__("x4") = a[4];
	register word x5 __asm__("x5") = a[5];

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return (long)x0;
}
#endif

always_inline long call3(word nr, word a, word b, word c)
{
	const word args[N_ARGS] = { a, b, c, 0, 0, 0 };

	return call(nr, args);
}

static word number(char **at)
{
	word value = 0;

	while (**at >= '0' && **at <= '9')
		value = value * 10 + (word)(*(*at)++ - '0');
	return value;
}

static word words_of(char *text)
{
	size_t n = 0;

	while (n < sizeof(words) / sizeof(words[0])) {
		words[n++] = number(&text);
		if (*text != ',')
			break;
		text++;
	}
	return (word)words;
}

/* Cut the next word off a line; it is ended by NUL where it stands. */
static char *next(char **at)
{
	char *start;

	while (**at == ' ')
		(*at)++;
	start = *at;
	while (**at && **at != ' ')
		(*at)++;
	if (**at)
		*(*at)++ = '\0';
	return start;
}

static word argument(char *text, word last)
{
	if (*text == 'b')
		return (word)buffer;
	if (*text == 'r')
		return last;
	if (*text == 's')
		return (word)(text + 1);
	if (*text == 'w')
		return words_of(text + 1);
	return number(&text);
}

static void print(const char *id, long result)
{
	char text[64];
	char digits[24];
	word value = result < 0 ? -(word)result : (word)result;
	size_t n = 0;
	size_t d = 0;

	while (*id && n < 20)
		text[n++] = *id++;
	text[n++] = ' ';
	if (result < 0)
		text[n++] = '-';
	do {
		digits[d++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (d > 0)
		text[n++] = digits[--d];
	text[n++] = '\n';
	call3(__NR_write, 1, (word)text, n);
}

static bool is_fork(word nr)
{
#ifdef __NR_fork
	if (nr == __NR_fork || nr == __NR_vfork)
		return true;
#endif
	return nr == __NR_clone || nr == __NR_clone3;
}

/* A fork: it has a copy of our memory, and what it executes has none. */
static long execute_in_child(word nr, word path)
{
	static const word nothing[2];
	const word argv[] = { path, 0 };
	word status = 0;
	long pid = call3(__NR_clone, SIGCHLD, 0, 0);
	long result;

	if (pid == 0) {
		result = call3(__NR_prlimit64, 0, RLIMIT_AS, (word)nothing);
		if (result == 0)
			result = call3(nr, path, (word)argv, 0);
		call3(__NR_exit_group, (word)-result, 0, 0);
	}
	if (pid < 0)
		return pid;
	result = call3(__NR_wait4, (word)pid, (word)&status, 0);
	if (result < 0)
		return result;
	return (status & 0x7f) == 0 ? -(long)(status >> 8 & 0xff) : 0;
}

static void probe(char *line, word *last)
{
	char *id = next(&line);
	char *text = next(&line);
	bool in_child = *text == 'c';
	word nr;
	word args[N_ARGS] = { 0 };
	long result;

	text += in_child;
	nr = number(&text);
	for (int i = 0; i < N_ARGS; i++)
		args[i] = argument(next(&line), *last);
	for (size_t i = 0; i < sizeof(buffer) / sizeof(buffer[0]); i++)
		buffer[i] = 0;
	result = in_child ? execute_in_child(nr, args[0]) : call(nr, args);
	if (result == 0 && is_fork(nr))
		call3(__NR_exit_group, 0, 0, 0);
	*last = (word)result;
	print(id, result);
}

__attribute__((used)) void probe_start(void)
{
	size_t n = 0;
	word last = 0;
	long got;
	char *at = input;

	while (n < INPUT_MAX && (got = call3(__NR_read, 0, (word)(input + n), INPUT_MAX - n)) > 0)
		n += (size_t)got;
	while (*at) {
		char *line = at;

		while (*at && *at != '\n')
			at++;
		if (*at)
			*at++ = '\0';
		if (*line)
			probe(line, &last);
	}
	call3(__NR_exit_group, 0, 0, 0);
	for (;;)
		;
}
