/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths that were seen, to rules. The next run will have other file names: where that is likely,
 * the folder is granted instead, by a rule that the policy's line names.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "policies/learned_policy.h"

#define SIBLINGS 4 /* as many entries of a folder are taken for all of it */
#define DIGITS 4   /* as many digits in a name are taken for a number that changes */

enum place {
	PLACE_OPEN,   /* what many programs share: never granted whole by a guess */
	PLACE_FOLDER, /* its folder is granted at once */
	PLACE_TREE,   /* the named tree is granted at once */
};

/* The first row that holds the path decides. */
static const struct {
	const char *path;
	enum place place;
	int depth; /* PLACE_TREE: components below `path` that stay */
	const char *note;
} places[] = {
	/* clang-format off */
	{ "/proc",              PLACE_TREE,   0, "processes have numbers" },
	{ "/tmp",               PLACE_TREE,   0, "temporary names" },
	{ "/var/tmp",           PLACE_TREE,   0, "temporary names" },
	{ "/dev/shm",           PLACE_TREE,   0, "temporary names" },
	{ "/dev/pts",           PLACE_TREE,   0, "terminals have numbers" },
	{ "/usr/share",         PLACE_TREE,   1, "a package's own data" },
	{ "/usr/include",       PLACE_TREE,   0, "headers" },
	{ "/usr/src",           PLACE_TREE,   0, "sources" },
	{ "/usr/local/share",   PLACE_TREE,   1, "a package's own data" },
	{ "/usr/local/include", PLACE_TREE,   0, "headers" },
	{ "/usr/lib",           PLACE_TREE,   0, "libraries" },
	{ "/usr/libexec",       PLACE_TREE,   1, "a package's own programs" },
	{ "/sys",               PLACE_FOLDER, 0, "the kernel's numbers" },
	/* clang-format on */
};

/* Folders that many programs share: their entries are named one by one. */
static const char *const shared[] = {
	"/",        "/bin",     "/boot",      "/dev",      "/etc",       "/home",          "/lib",
	"/lib64",   "/media",   "/mnt",       "/opt",      "/root",      "/run",           "/sbin",
	"/srv",     "/usr",     "/usr/bin",   "/usr/sbin", "/usr/local", "/usr/local/bin", "/var",
	"/var/lib", "/var/log", "/var/cache", "/var/run",
};

static bool is_shared(const char *folder)
{
	for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
		if (strcmp(shared[i], folder) == 0)
			return true;
	}
	return false;
}

/* Bytes that the language keeps for itself, or that were escaped. */
static bool is_plain(const char *path)
{
	size_t n = strlen(path);

	return path[strcspn(path, " *?[]\\#\"'{},")] == '\0' && path[n - 1] != ':';
}

static char *parent_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? arena_strdup(arena, "/")
			     : arena_strndup(arena, path, (size_t)(slash - path));
}

/* The first `n` components of a path. */
static char *cut_after(struct arena *arena, const char *path, size_t at, int n)
{
	for (; n > 0 && path[at] == '/'; n--) {
		at++;
		while (path[at] && path[at] != '/')
			at++;
	}
	return arena_strndup(arena, path, at);
}

static bool has_number(const char *path)
{
	size_t digits = 0;

	for (const char *p = strrchr(path, '/'); *p; p++) {
		digits = *p >= '0' && *p <= '9' ? digits + 1 : 0;
		if (digits == DIGITS)
			return true;
	}
	return false;
}

struct wish {
	const char *path; /* without the stars */
	bool tree;
	const char *note;
};

/* By the table of places. Returns false if out of memory. */
static bool by_place(struct arena *arena, struct wish *wish)
{
	if (path_is_of_machine(wish->path))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *path = wish->path;

		if (!path_is_below(path, places[i].path))
			continue;
		wish->note = places[i].note;
		if (places[i].place == PLACE_TREE)
			wish->path =
				cut_after(arena, path, strlen(places[i].path), places[i].depth);
		else
			wish->path = parent_of(arena, path);
		/* A file straight below: nothing to widen. */
		if (!wish->tree && wish->path && strcmp(wish->path, path) == 0)
			wish->note = NULL;
		else
			wish->tree = true;
		return wish->path != NULL;
	}
	return true;
}

/* What is wished for by one item. Returns false if out of memory. */
static bool widen(struct arena *arena, const char *access, struct wish *wish)
{
	while (wish->path && strcmp(wish->path, "/") != 0 && !is_plain(wish->path)) {
		wish->path = parent_of(arena, wish->path);
		wish->tree = true;
		wish->note = "a name that the language cannot hold";
	}
	if (!wish->path)
		return false;
	if (strcmp(access, "exec") == 0)
		return true; /* programs are named one by one */
	if (!by_place(arena, wish))
		return false;
	if (!wish->tree && has_number(wish->path)) {
		const char *folder = parent_of(arena, wish->path);

		if (!folder)
			return false;
		if (!is_shared(folder)) {
			wish->path = folder;
			wish->tree = true;
			wish->note = "names with numbers";
		}
	}
	return true;
}

static const char *object_of(struct arena *arena, const struct wish *wish)
{
	if (!wish->tree)
		return wish->path;
	return strcmp(wish->path, "/") == 0 ? "/**" : arena_printf(arena, "%s/**", wish->path);
}

static bool covers(unsigned have, bool tree, const char *where, unsigned want, const char *path)
{
	if (tree && (have & FILE_READ))
		have |= FILE_LIST;
	if ((have & want) != want)
		return false;
	return tree ? path_is_below(path, where) : strcmp(path, where) == 0;
}

static unsigned access_bits(const char *access)
{
	return strcmp(access, "exec") == 0    ? FILE_EXEC | FILE_READ
	       : strcmp(access, "write") == 0 ? FILE_READ | FILE_WRITE
	       : strcmp(access, "list") == 0  ? FILE_LIST
					      : FILE_READ;
}

static bool base_covers(const struct bundle *base, const char *access, const char *path)
{
	for (size_t i = 0; i < base->n_files; i++) {
		const struct bundle_file *f = &base->files[i];

		if (covers(f->access, f->tree, f->path, access_bits(access), path))
			return true;
	}
	return false;
}

static int add_item(struct grants *g, const struct learned_item *item)
{
	struct span rest = span_of(item->text);
	struct wish wish = { 0 };
	const char *access;
	const char *object;
	struct span word;

	span_word(&rest); /* "file" */
	word = span_word(&rest);
	access = span_eq(word, "make") ? "write" : arena_strndup(g->arena, word.p, word.n);
	rest = span_trim(rest);
	if (rest.n > 1 && rest.p[rest.n - 1] == '/') {
		wish.tree = true;
		rest.n--;
	}
	wish.tree = wish.tree || rest.n == 1;
	wish.path = arena_strndup(g->arena, rest.p, rest.n);
	if (!access || !wish.path)
		return -ENOMEM;
	/* A folder is opened for its names; but of a process's files nothing else is recorded. */
	if (wish.tree && span_eq(word, "read") && strcmp(wish.path, "/proc") != 0)
		access = "list";
	/* What is written there changes what the kernel does: nobody's to learn. A comment says so.
	 */
	if (strcmp(access, "write") == 0 && path_is_below(wish.path, "/proc"))
		access = "read";
	if (base_covers(g->base, access, wish.path))
		return 0;
	if (!widen(g->arena, access, &wish))
		return -ENOMEM;
	object = object_of(g->arena, &wish);
	if (!object)
		return -ENOMEM;
	return grants_add(g, (struct grant){ GRANT_FILE, access, object, wish.note, item->runs });
}

/* Path and stars of an object, apart. */
static struct wish wish_of(struct arena *arena, const char *object)
{
	size_t n = strlen(object);
	bool tree = n >= 3 && strcmp(object + n - 3, "/**") == 0;

	if (!tree)
		return (struct wish){ .path = object };
	return (struct wish){ .path = n == 3 ? "/" : arena_strndup(arena, object, n - 3),
			      .tree = true };
}

/* Entries of one folder with the same access, if there are enough of them, become the folder. */
static int join_siblings(struct grants *g)
{
	size_t n = g->n;

	for (size_t i = 0; i < n; i++) {
		struct grant like = g->items[i];
		const char *folder;
		size_t alike = 0;

		if (like.kind != GRANT_FILE || strcmp(like.subject, "exec") == 0)
			continue;
		folder = parent_of(g->arena, like.object);
		if (!folder)
			return -ENOMEM;
		for (size_t k = 0; k < n; k++) {
			const char *object = g->items[k].object;
			const char *slash = strrchr(object, '/');
			size_t length = strlen(folder);

			alike += g->items[k].kind == GRANT_FILE &&
				 strcmp(g->items[k].subject, like.subject) == 0 &&
				 strncmp(object, folder, length) == 0 && slash == object + length &&
				 slash[1] != '*';
		}
		if (alike < SIBLINGS || is_shared(folder))
			continue;
		like.object = arena_printf(g->arena, "%s/**", folder);
		like.note = "4 or more files of one folder";
		if (!like.object || grants_add(g, like) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* What a tree covers needs no line of its own; its runs support the tree. */
static int drop_covered(struct grants *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->n; i++) {
		struct wish inner = { 0 };
		bool covered = false;

		if (g->items[i].kind == GRANT_FILE)
			inner = wish_of(g->arena, g->items[i].object);
		for (size_t k = 0; inner.path && k < g->n; k++) {
			struct wish outer;
			unsigned want = access_bits(g->items[i].subject);

			if (k == i || g->items[k].kind != GRANT_FILE)
				continue;
			outer = wish_of(g->arena, g->items[k].object);
			if (!outer.path)
				return -ENOMEM;
			if (!covers(access_bits(g->items[k].subject), outer.tree, outer.path, want,
				    inner.path) ||
			    (inner.tree && !outer.tree))
				continue;
			run_set_add(g->learned, &g->items[k].runs, g->items[i].runs);
			covered = true;
		}
		if (!covered)
			g->items[kept++] = g->items[i];
		else
			g->items[i].object = ""; /* covers nothing any more */
	}
	g->n = kept;
	return 0;
}

int grants_add_files(struct grants *g)
{
	for (size_t i = 0; i < g->learned->n_items; i++) {
		int r = 0;

		if (strncmp(g->learned->items[i].text, "file ", 5) == 0)
			r = add_item(g, &g->learned->items[i]);
		if (r < 0)
			return r;
	}
	return join_siblings(g) < 0 ? -ENOMEM : drop_covered(g);
}
