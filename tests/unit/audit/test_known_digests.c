/* SPDX-License-Identifier: Apache-2.0 */
/* Digests that are remembered: only of files that cannot have changed meanwhile. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "audit/known_digests.h"
#include "base/fd.h"

#define CHANGED 1700000000

/* The table lies beside the folder. */
struct scene {
	const char *folder;
	struct known_digests known;
};

static int set_up(void **state)
{
	static struct scene s;
	cleanup_close int parent = -1;

	s.folder = temp_dir_make();
	parent = open(s.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(parent >= 0);
	assert_int_equal(mkdirat(parent, "runs", 0700), 0);
	s.known.dir = openat(parent, "runs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s.known.dir >= 0);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	closep(&s->known.dir);
	temp_dir_remove(s->folder);
	return 0;
}

static struct known_file a_file(void)
{
	return (struct known_file){
		.dev = makedev(254, 1),
		.ino = 12,
		.size = 345,
		.changed = { .tv_sec = CHANGED, .tv_nsec = 6 },
	};
}

static const struct timespec settled = { .tv_sec = CHANGED + 3 };

static void finds_what_was_kept(void **state)
{
	const struct scene *s = *state;
	const struct known_file file = a_file();
	const struct digest kept = digest_of("x", 1);
	struct digest found = { 0 };

	assert_false(known_digest_find(&s->known, &file, &found));
	known_digest_keep(&s->known, &file, &settled, &kept);
	assert_true(known_digest_find(&s->known, &file, &found));
	assert_memory_equal(&found, &kept, sizeof(kept));
}

static void any_difference_is_another_file(void **state)
{
	const struct scene *s = *state;
	const struct known_file file = a_file();
	struct known_file others[] = { file, file, file, file, file };
	const struct digest kept = digest_of("x", 1);
	struct digest found = { 0 };

	others[0].dev++;
	others[1].ino++;
	others[2].size++;
	others[3].changed.tv_sec++;
	others[4].changed.tv_nsec++;
	known_digest_keep(&s->known, &file, &settled, &kept);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_false(known_digest_find(&s->known, &others[i], &found));
}

static void keeps_nothing_that_could_change_unseen(void **state)
{
	const struct scene *s = *state;
	const struct known_file file = a_file();
	struct known_file anonymous = file;
	const struct timespec soon = { .tv_sec = CHANGED + 2 };
	const struct timespec before = { .tv_sec = CHANGED - 100 };
	const struct digest kept = digest_of("x", 1);
	struct digest found = { 0 };

	anonymous.dev = makedev(0, 40); /* tmpfs, overlay, FUSE */
	known_digest_keep(&s->known, &anonymous, &settled, &kept);
	assert_false(known_digest_find(&s->known, &anonymous, &found));
	known_digest_keep(&s->known, &file, &soon, &kept);
	known_digest_keep(&s->known, &file, &before, &kept); /* a clock that was set back */
	assert_false(known_digest_find(&s->known, &file, &found));
	known_digest_keep(NULL, &file, &settled, &kept);
	assert_false(known_digest_find(NULL, &file, &found));
}

static void a_slot_with_any_other_byte_is_none(void **state)
{
	const struct known_file file = a_file();
	const struct digest digest = digest_of("x", 1);
	uint8_t bytes[KNOWN_SLOT_BYTES];
	struct digest back;
	struct known_file there;

	(void)state;
	known_slot_encode(&file, &digest, bytes);
	assert_true(known_slot_decode(bytes, &there, &back));
	assert_int_equal(there.ino, file.ino);
	for (size_t i = 0; i < 112; i++) {
		bytes[i] ^= 0x20;
		assert_false(known_slot_decode(bytes, &there, &back));
		bytes[i] ^= 0x20;
	}
}

static void a_link_is_no_table(void **state)
{
	const struct scene *s = *state;
	const struct known_file file = a_file();
	const struct digest kept = digest_of("x", 1);
	struct digest found = { 0 };

	assert_int_equal(symlinkat("elsewhere", s->known.dir, "../digests"), 0);
	known_digest_keep(&s->known, &file, &settled, &kept);
	assert_int_equal(faccessat(s->known.dir, "../elsewhere", F_OK, 0), -1);
	assert_false(known_digest_find(&s->known, &file, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_was_kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_difference_is_another_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_nothing_that_could_change_unseen, set_up,
						tear_down),
		cmocka_unit_test(a_slot_with_any_other_byte_is_none),
		cmocka_unit_test_setup_teardown(a_link_is_no_table, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
