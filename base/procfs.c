/* SPDX-License-Identifier: Apache-2.0 */
#include "base/procfs.h"

#include <string.h>

static struct span cut_line(struct span *rest)
{
	return span_cut(rest, '\n');
}

/* Hexadecimal without a prefix, as the Cap and Sig lines have it. */
static bool hex_value(struct span s, uint64_t *ret)
{
	uint64_t value = 0;

	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		unsigned digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			return false;
		value = value << 4 | digit;
	}
	*ret = value;
	return true;
}

static bool u32_value(struct span s, uint32_t *ret)
{
	uint64_t value = 0;

	if (span_u64(s, UINT32_MAX, &value) < 0)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static bool u32_words(struct span s, uint32_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!u32_value(span_word(&s), &ret[i]))
			return false;
	}
	return span_trim(s).n == 0;
}

static bool small_int(struct span s, int *ret)
{
	uint32_t value = 0;

	if (!u32_value(s, &value) || value > 255)
		return false;
	*ret = (int)value;
	return true;
}

static bool status_name(struct span value, struct proc_status *st)
{
	size_t n = value.n < sizeof(st->name) - 1 ? value.n : sizeof(st->name) - 1;

	if (n > 0)
		memcpy(st->name, value.p, n);
	st->name[n] = '\0';
	return true;
}

static bool status_numbers(struct span key, struct span value, struct proc_status *st, bool *known)
{
	const struct {
		const char *key;
		uint32_t *to;
	} numbers[] = {
		{ "Pid", &st->pid },        { "PPid", &st->ppid },
		{ "Tgid", &st->tgid },      { "Threads", &st->threads },
		{ "FDSize", &st->fd_size }, { "Seccomp_filters", &st->n_seccomp_filters },
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		*known = span_eq(key, numbers[i].key);
		if (*known)
			return u32_value(value, numbers[i].to);
	}
	return true;
}

static bool status_masks(struct span key, struct span value, struct proc_status *st, bool *known)
{
	const struct {
		const char *key;
		uint64_t *to;
	} masks[] = {
		{ "CapInh", &st->cap_inh }, { "CapPrm", &st->cap_prm }, { "CapEff", &st->cap_eff },
		{ "CapBnd", &st->cap_bnd }, { "CapAmb", &st->cap_amb }, { "SigIgn", &st->sig_ign },
		{ "SigCgt", &st->sig_cgt },
	};

	for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
		*known = span_eq(key, masks[i].key);
		if (*known)
			return hex_value(value, masks[i].to);
	}
	return true;
}

static bool status_memory(struct span key, struct span value, struct proc_status *st, bool *known)
{
	const struct {
		const char *key;
		uint64_t *to;
	} sizes[] = {
		{ "VmHWM", &st->vm_hwm_kib },
		{ "VmPeak", &st->vm_peak_kib },
		{ "VmSize", &st->vm_size_kib },
		{ "VmData", &st->vm_data_kib },
	};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		*known = span_eq(key, sizes[i].key);
		if (*known)
			return span_u64(span_word(&value), UINT64_MAX, sizes[i].to) == 0;
	}
	return true;
}

static bool status_others(struct span key, struct span value, struct proc_status *st)
{
	if (span_eq(key, "Name"))
		return status_name(value, st);
	if (span_eq(key, "State")) {
		if (value.n == 0)
			return false;
		st->state = value.p[0];
		return true;
	}
	if (span_eq(key, "Uid"))
		return u32_words(value, st->uid, 4);
	if (span_eq(key, "Gid"))
		return u32_words(value, st->gid, 4);
	if (span_eq(key, "NoNewPrivs"))
		return small_int(value, &st->no_new_privs);
	if (span_eq(key, "Seccomp"))
		return small_int(value, &st->seccomp);
	if (span_eq(key, "Groups")) {
		while (span_word(&value).n > 0)
			st->n_groups++;
	}
	return true;
}

int proc_stat_field(struct span text, int field, char *ret_state, uint64_t *ret)
{
	const char *close = text.n > 0 ? memrchr(text.p, ')', text.n) : NULL;
	struct span rest;
	struct span state;
	uint64_t value = 0;

	if (!close)
		return -EINVAL;
	rest = (struct span){ close + 1, text.n - (size_t)(close + 1 - text.p) };
	state = span_word(&rest);
	if (state.n != 1)
		return -EINVAL;
	for (int i = 4; i < field; i++)
		span_word(&rest);
	rest = span_word(&rest);
	if (rest.n > 0 && rest.p[rest.n - 1] == '\n')
		rest.n--;
	if (span_u64(rest, UINT64_MAX, &value) < 0)
		return -EINVAL;
	*ret_state = state.p[0];
	*ret = value;
	return 0;
}

int proc_status_parse(struct span text, struct proc_status *ret, struct err *err)
{
	struct proc_status st = { .no_new_privs = -1, .seccomp = -1 };

	while (text.n > 0) {
		struct span value = cut_line(&text);
		struct span key = span_cut(&value, ':');
		bool known = false;
		bool good;

		value = span_trim(value);
		good = status_numbers(key, value, &st, &known);
		if (!known)
			good = status_memory(key, value, &st, &known);
		if (!known)
			good = status_masks(key, value, &st, &known);
		if (!known)
			good = status_others(key, value, &st);
		if (!good)
			return err_set(err, EINVAL,
				       "a line of a process's status makes no sense: %.*s",
				       (int)(key.n < 40 ? key.n : 40), key.p);
	}
	*ret = st;
	return 0;
}

uint64_t proc_status_caps(const struct proc_status *status)
{
	return status->cap_inh | status->cap_prm | status->cap_eff | status->cap_bnd |
	       status->cap_amb;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes blank, tab, newline, backslash and '#' as \ooo. */
static const char *unescape(struct arena *arena, struct span s)
{
	char *text = arena_strndup(arena, s.p, s.n);
	size_t to = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 3 < s.n && is_octal(s.p[i + 1]) && is_octal(s.p[i + 2]) &&
		    is_octal(s.p[i + 3])) {
			text[to++] = (char)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 |
					    (s.p[i + 3] - '0'));
			i += 3;
		} else {
			text[to++] = s.p[i];
		}
	}
	text[to] = '\0';
	return text;
}

/* The fields between the mount options and the lone "-": none or more. */
static struct span optional_fields(struct span *line)
{
	struct span fields = { line->p, 0 };

	for (;;) {
		struct span word = span_word(line);

		if (word.n == 0 || span_eq(word, "-"))
			return span_trim(fields);
		fields.n = (size_t)(word.p + word.n - fields.p);
	}
}

/* Source: proc(5), /proc/PID/mountinfo */
static int mount_parse(struct span line, struct arena *arena, struct proc_mount *ret)
{
	struct span id = span_word(&line);
	struct span parent = span_word(&line);
	struct span device = span_word(&line);
	struct span major = span_cut(&device, ':');
	struct span texts[7];

	if (!u32_value(id, &ret->id) || !u32_value(parent, &ret->parent) ||
	    !u32_value(major, &ret->major) || !u32_value(device, &ret->minor))
		return -EINVAL;
	for (size_t i = 0; i < 3; i++)
		texts[i] = span_word(&line);
	texts[3] = optional_fields(&line);
	for (size_t i = 4; i < 7; i++)
		texts[i] = span_word(&line);
	if (texts[2].n == 0 || texts[4].n == 0)
		return -EINVAL;
	ret->root = unescape(arena, texts[0]);
	ret->point = unescape(arena, texts[1]);
	ret->options = unescape(arena, texts[2]);
	ret->optional = unescape(arena, texts[3]);
	ret->fstype = unescape(arena, texts[4]);
	ret->source = unescape(arena, texts[5]);
	ret->super_options = unescape(arena, texts[6]);
	return ret->super_options ? 0 : -ENOMEM;
}

int proc_mountinfo_parse(struct span text, struct arena *arena, struct proc_mount **ret,
			 size_t *ret_n, struct err *err)
{
	struct proc_mount *mounts = NULL;
	size_t cap = 0;
	size_t n = 0;

	while (text.n > 0) {
		struct span line = cut_line(&text);
		struct proc_mount mount = { 0 };
		int r;

		if (line.n == 0)
			continue;
		r = mount_parse(line, arena, &mount);
		if (r == -EINVAL)
			return err_set(err, EINVAL, "line %zu of mountinfo makes no sense", n + 1);
		mounts = r == 0 ? arena_grow(arena, mounts, &cap, n + 1, sizeof(*mounts)) : NULL;
		if (!mounts)
			return err_set(err, ENOMEM, "out of memory");
		mounts[n++] = mount;
	}
	*ret = mounts;
	*ret_n = n;
	return 0;
}

int proc_idmap_parse(struct span text, struct proc_idmap *ret, size_t cap, struct err *err)
{
	struct proc_idmap maps[8] = { { 0 } };
	size_t n = 0;

	while (text.n > 0) {
		struct span line = cut_line(&text);
		uint32_t v[3];

		if (span_trim(line).n == 0)
			continue;
		if (n == cap || n == ARRAY_LEN(maps))
			return err_set(err, E2BIG, "an id map has more than %zu lines", n);
		if (!u32_words(line, v, 3))
			return err_set(err, EINVAL, "line %zu of an id map makes no sense", n + 1);
		if (v[2] == 0 || v[2] > UINT32_MAX - v[0] || v[2] > UINT32_MAX - v[1])
			return err_set(err, ERANGE, "line %zu of an id map is out of range", n + 1);
		maps[n++] = (struct proc_idmap){ v[0], v[1], v[2] };
	}
	memcpy(ret, maps, n * sizeof(*ret));
	return (int)n;
}

int subid_find(struct span text, const char *name, uint32_t uid, struct proc_idmap *ret)
{
	struct proc_idmap best = { 0 };

	while (text.n > 0) {
		struct span line = cut_line(&text);
		struct span owner = span_cut(&line, ':');
		struct span first = span_cut(&line, ':');
		uint32_t number = 0;
		struct proc_idmap range = { 0 };
		bool ours = span_eq(owner, name) || (u32_value(owner, &number) && number == uid);

		if (!ours || !u32_value(first, &range.outside) ||
		    !u32_value(span_trim(line), &range.count))
			continue;
		if (range.count > UINT32_MAX - range.outside)
			continue;
		if (range.count > best.count)
			best = range;
	}
	if (best.count == 0)
		return 0;
	*ret = best;
	return 1;
}

struct span cgroup_v2_path(struct span text)
{
	while (text.n > 0) {
		struct span line = cut_line(&text);

		if (span_starts(line, "0::"))
			return (struct span){ line.p + 3, line.n - 3 };
	}
	return (struct span){ "", 0 };
}
