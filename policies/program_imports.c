/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/program_imports.h"

#include <elf.h>
#include <string.h>

#define SYMBOLS_MAX ((size_t)1 << 17)
#define NETWORK "builtin/network-client"
#define EPOLL_RULE "allow epoll_create epoll_ctl epoll_wait"

/* Either a policy to extend or a line of its own. */
static const struct need {
	const char *base, *rule;
	const char *names; /* of functions, without the "64" at their end */
	bool doubtful;     /* a comment: for the reader to decide */
} needs[] = {
	/* clang-format off */
	{ "builtin/start-processes", NULL, "fork vfork posix_spawn posix_spawnp popen system daemon wait waitpid wait3 wait4", false },
	{ "builtin/start-threads", NULL, "pthread_create thrd_create", false },
	{ NETWORK, NULL, "socket connect bind getaddrinfo gethostbyname", false },
	{ NULL, PROGRAM_LISTEN_RULE, "listen accept accept4", false },
	{ NULL, "allow socketpair if domain == AF_UNIX", "socketpair", false },
	{ NULL, EPOLL_RULE, "epoll_create epoll_create1 epoll_wait epoll_pwait", false },
	{ NULL, "allow eventfd", "eventfd", false },
	{ NULL, "allow signalfd", "signalfd", false },
	{ NULL, "allow timerfd_create timerfd_settime timerfd_gettime", "timerfd_create", false },
	{ NULL, "allow inotify_init inotify_add_watch inotify_rm_watch", "inotify_init inotify_init1", false },
	{ NULL, "allow rt_sigsuspend rt_sigtimedwait rt_sigpending", "sigsuspend sigwait sigwaitinfo sigtimedwait sigpending", false },
	{ NULL, "allow setitimer getitimer alarm", "setitimer getitimer alarm", false },
	{ NULL, "allow timer_create timer_settime timer_gettime timer_delete", "timer_create", false },
	{ NULL, "allow setsid setpgid", "setsid setpgid setpgrp daemon", false },
	{ NULL, "allow getpriority setpriority", "getpriority setpriority nice", false },
	{ NULL, "allow sched_setaffinity", "sched_setaffinity pthread_setaffinity_np", false },
	{ NULL, "allow prctl if option in {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG}", "prctl pthread_setname_np", false },
	{ NULL, "allow chdir fchdir", "chdir fchdir daemon", false },
	{ NULL, "allow mkdir", "mkdir mkdirat mkdtemp", false },
	{ NULL, "allow unlink", "unlink unlinkat remove rmdir", false },
	{ NULL, "allow rename", "rename renameat renameat2", false },
	{ NULL, "allow link symlink", "link linkat symlink symlinkat", false },
	{ NULL, "allow truncate ftruncate", "truncate ftruncate", false },
	{ NULL, "allow chmod, fchmod, fchmodat if mode only {S_IFMT, 01777}", "chmod fchmod fchmodat", false },
	{ NULL, "allow utime", "utime utimes utimensat futimens", false },
	{ NULL, "allow fsync fdatasync", "fsync fdatasync", false },
	{ NULL, "allow flock", "flock", false },
	{ NULL, "allow fallocate", "fallocate posix_fallocate", false },
	{ NULL, "allow fadvise64", "posix_fadvise", false },
	{ NULL, "allow sendfile", "sendfile", false },
	{ NULL, "allow splice", "splice tee", false },
	{ NULL, "allow preadv pwritev", "preadv pwritev", false },
	{ NULL, "allow memfd_create", "memfd_create", false },
	{ NULL, "allow chown", "chown fchown lchown fchownat", true },
	{ NULL, "allow setuid setgid setgroups", "setuid setgid setgroups initgroups setresuid setresgid", true },
	{ NULL, "allow shmget shmat shmdt shmctl", "shmget shmat", true },
	/* clang-format on */
};

/* Servers that pass descriptors around want signals of them too; it grants what F_SETFL grants. */
#define ASYNC_RULE "allow ioctl if cmd == FIOASYNC"
#define ASYNC_WHY \
	"why: a server may want signals of its sockets; F_SETFL with O_ASYNC does the same"

_Static_assert(ARRAY_LEN(needs) <= PROGRAM_NEEDS_MAX, "a place for each");

/* The bytes of a part of the file, or empty. */
static struct span part_of(struct span file, uint64_t at, uint64_t n)
{
	if (at > file.n || n > file.n - at)
		return (struct span){ "", 0 };
	return (struct span){ file.p + at, (size_t)n };
}

static bool section_of(struct span file, const Elf64_Ehdr *head, unsigned i, Elf64_Shdr *ret)
{
	struct span bytes;

	if (i >= head->e_shnum || head->e_shentsize != sizeof(*ret) || head->e_shoff > file.n)
		return false;
	bytes = part_of(file, head->e_shoff + (uint64_t)i * sizeof(*ret), sizeof(*ret));
	if (bytes.n == 0)
		return false;
	memcpy(ret, bytes.p, sizeof(*ret));
	return true;
}

/* The name as the table has it, or empty. */
static struct span find_name(const struct need *need, struct span name)
{
	struct span rest = span_of(need->names);

	while (rest.n > 0) {
		struct span word = span_cut(&rest, ' ');

		if (word.n == name.n && memcmp(word.p, name.p, name.n) == 0)
			return word;
	}
	return (struct span){ "", 0 };
}

static void note(struct program_imports *imports, struct span name)
{
	/* open64, sendfile64: the same with wide offsets. */
	if (name.n > 2 && memcmp(name.p + name.n - 2, "64", 2) == 0)
		name.n -= 2;
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		struct span found = find_name(&needs[i], name);
		unsigned n = imports->by[i].n;

		if (found.n > 0 && n < PROGRAM_NAMES_SHOWN &&
		    (n == 0 || imports->by[i].names[n - 1].p != found.p))
			imports->by[i].names[imports->by[i].n++] = found;
	}
}

static void note_symbols(struct span symbols, struct span strings, struct program_imports *ret)
{
	for (size_t i = 0; i < SYMBOLS_MAX && (i + 1) * sizeof(Elf64_Sym) <= symbols.n; i++) {
		Elf64_Sym symbol;
		const char *name;

		memcpy(&symbol, symbols.p + i * sizeof(symbol), sizeof(symbol));
		if (symbol.st_shndx != SHN_UNDEF || symbol.st_name >= strings.n)
			continue;
		name = strings.p + symbol.st_name;
		note(ret, (struct span){ name, strnlen(name, strings.n - symbol.st_name) });
	}
}

void program_imports_of(struct span file, struct program_imports *ret)
{
	Elf64_Ehdr head = { 0 };
	Elf64_Shdr symbols = { 0 };
	Elf64_Shdr strings = { 0 };

	*ret = (struct program_imports){ 0 };
	if (file.n < sizeof(head) || memcmp(file.p, ELFMAG, SELFMAG) != 0 ||
	    file.p[EI_CLASS] != ELFCLASS64)
		return;
	memcpy(&head, file.p, sizeof(head));
	for (unsigned i = 0; section_of(file, &head, i, &symbols); i++) {
		if (symbols.sh_type != SHT_DYNSYM)
			continue;
		if (section_of(file, &head, symbols.sh_link, &strings))
			note_symbols(part_of(file, symbols.sh_offset, symbols.sh_size),
				     part_of(file, strings.sh_offset, strings.sh_size), ret);
		return;
	}
}

bool program_imports_has(const struct program_imports *imports, const char *base_or_rule)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		const char *text = needs[i].base ? needs[i].base : needs[i].rule;

		if (imports->by[i].n > 0 && strcmp(text, base_or_rule) == 0)
			return true;
	}
	return false;
}

static void put_names(const struct program_imports *imports, size_t i, struct strbuf *out)
{
	strbuf_puts(out, "imports ");
	for (unsigned k = 0; k < imports->by[i].n; k++) {
		strbuf_puts(out, k > 0 ? ", " : "");
		strbuf_span(out, imports->by[i].names[k]);
	}
	strbuf_putc(out, '\n');
}

const char *program_imports_base(const struct program_imports *imports, size_t *at,
				 struct strbuf *reasons)
{
	for (size_t i = *at; i < ARRAY_LEN(needs); i++) {
		if (!needs[i].base || imports->by[i].n == 0)
			continue;
		*at = i + 1;
		strbuf_addf(reasons, "# %s: ", needs[i].base);
		put_names(imports, i, reasons);
		return needs[i].base;
	}
	return NULL;
}

/* The sockets of the base are waited for by epoll, which it opens. */
static bool is_covered(const struct program_imports *imports, const struct need *need)
{
	return strcmp(need->rule, EPOLL_RULE) == 0 && program_imports_has(imports, NETWORK);
}

size_t program_imports_rules(const struct program_imports *imports, struct strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		if (needs[i].base || needs[i].doubtful || imports->by[i].n == 0 ||
		    is_covered(imports, &needs[i]))
			continue;
		strbuf_addf(out, "  - %s  # why: ", needs[i].rule);
		put_names(imports, i, out);
		n++;
	}
	if (program_imports_has(imports, PROGRAM_LISTEN_RULE)) {
		strbuf_puts(out, "  - " ASYNC_RULE "  # " ASYNC_WHY "\n");
		n++;
	}
	return n;
}

void program_imports_doubts(const struct program_imports *imports, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		if (!needs[i].doubtful || imports->by[i].n == 0)
			continue;
		strbuf_addf(out, "# - %s  # seldom needed inside; ", needs[i].rule);
		put_names(imports, i, out);
	}
}
