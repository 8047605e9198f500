/* SPDX-License-Identifier: Apache-2.0 */
/* The digest of a program's file: by steps, and what there is instead of one. */
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "audit/evidence.h"
#include "base/fd.h"

#define STEP ((size_t)64 << 10)

/* A folder with a link "exe", as /proc/PID is one, and the file that it leads to. */
struct scene {
	const char *folder;
	int proc;
	struct evidence_exe exe;
};

static int set_up(void **state)
{
	static struct scene s;

	s = (struct scene){ .folder = temp_dir_make() };
	s.proc = open(s.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s.proc >= 0);
	assert_int_equal(symlinkat("program", s.proc, "exe"), 0);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	evidence_exe_done(&s->exe);
	closep(&s->proc);
	temp_dir_remove(s->folder);
	return 0;
}

static void put(const struct scene *s, const void *bytes, size_t n, off_t size)
{
	cleanup_close int fd =
		openat(s->proc, "program", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, n), 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

static void assert_says(const struct scene *s, const char *text)
{
	cleanup_strbuf struct strbuf out = { 0 };
	struct jsonw j = { .out = &out };

	jsonw_object(&j);
	evidence_exe_json(&s->exe, &j);
	jsonw_object_end(&j);
	if (!strstr(strbuf_str(&out), text))
		fail_msg("no %s in %s", text, strbuf_str(&out));
}

static void reads_it_by_steps(void **state)
{
	static char bytes[3 * STEP + 17];
	struct scene *s = *state;
	char hex[DIGEST_HEX_LEN];
	struct digest whole;
	int steps = 1;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	whole = digest_of(bytes, sizeof(bytes));
	digest_hex(&whole, hex);
	put(s, bytes, sizeof(bytes), sizeof(bytes));
	evidence_exe_read(s->proc, &s->exe);
	assert_int_equal(s->exe.state, EXE_READING);
	while (evidence_exe_step(&s->exe, STEP))
		steps++;
	assert_int_equal(steps, 4);
	assert_int_equal(s->exe.state, EXE_DONE);
	assert_says(s, hex);
	/* The same file once more is not read again. */
	evidence_exe_read(s->proc, &s->exe);
	assert_int_equal(s->exe.state, EXE_DONE);
}

static void another_program_is_read_anew(void **state)
{
	struct scene *s = *state;
	char hex[DIGEST_HEX_LEN];
	struct digest second = digest_of("second", 6);

	put(s, "first", 5, 5);
	evidence_exe_read(s->proc, &s->exe);
	evidence_exe_finish(&s->exe);
	assert_int_equal(s->exe.state, EXE_DONE);
	put(s, "second", 6, 6);
	evidence_exe_read(s->proc, &s->exe);
	evidence_exe_finish(&s->exe);
	digest_hex(&second, hex);
	assert_says(s, hex);
}

static void says_that_it_changed(void **state)
{
	static char bytes[2 * STEP];
	struct scene *s = *state;

	put(s, bytes, sizeof(bytes), sizeof(bytes));
	evidence_exe_read(s->proc, &s->exe);
	assert_true(evidence_exe_step(&s->exe, STEP));
	put(s, bytes, 10, 10);
	assert_false(evidence_exe_step(&s->exe, STEP));
	assert_int_equal(s->exe.state, EXE_CHANGED);
	assert_says(s, "\"sha256_absent\":\"its file changed before it was read to its end\"");
}

static void leaves_out_what_is_too_much(void **state)
{
	struct scene *s = *state;

	put(s, "", 0, ((off_t)1 << 30) + 1);
	evidence_exe_read(s->proc, &s->exe);
	assert_says(s, "\"sha256_absent\":\"its file is larger than 1 GiB\"");
	put(s, "", 0, (off_t)32 << 20);
	evidence_exe_read(s->proc, &s->exe);
	evidence_exe_finish(&s->exe);
	assert_says(s, "\"sha256_absent\":\"it had ended before its file was read\"");
}

static void put_stat(const struct scene *s, const char *text)
{
	cleanup_close int fd =
		openat(s->proc, "stat", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

#define FLAGS_BEFORE "2 (x) R 1 2 2 0 -1 4194368 0\n" /* PF_FORKNOEXEC among them */
#define FLAGS_AFTER "2 (x) Z 1 2 2 0 -1 4194304 0\n"

static void says_that_it_was_not_looked_at(void **state)
{
	struct scene *s = *state;

	put_stat(s, FLAGS_AFTER);
	assert_true(evidence_exe_read(s->proc, &s->exe)); /* it leads nowhere */
	assert_int_equal(s->exe.state, EXE_NONE);
	assert_says(s, "{\"exe\":{\"sha256_absent\":\"it had ended before it was looked at\"}}");
}

/* Until it has executed, the process has our file: that is nobody's evidence. */
static void our_own_file_is_not_taken_for_the_program(void **state)
{
	struct scene *s = *state;

	assert_int_equal(unlinkat(s->proc, "exe", 0), 0);
	assert_int_equal(symlinkat("/proc/self/exe", s->proc, "exe"), 0);
	put_stat(s, FLAGS_BEFORE);
	assert_false(evidence_exe_read(s->proc, &s->exe));
	assert_int_equal(s->exe.state, EXE_NONE);
	put_stat(s, FLAGS_AFTER); /* it executes the same once more */
	assert_true(evidence_exe_read(s->proc, &s->exe));
	assert_int_equal(s->exe.state, EXE_READING);
	assert_says(s, "\"level\":\"E3\"");
}

static void a_file_that_only_its_name_tells_of_is_of_less_weight(void **state)
{
	struct scene *s = *state;
	char hex[DIGEST_HEX_LEN];
	struct digest digest = digest_of("program", 7);
	cleanup_close int file = -1;
	struct stat st = { 0 };

	put(s, "program", 7, 7);
	file = openat(s->proc, "program", O_PATH | O_CLOEXEC);
	assert_int_equal(fstat(file, &st), 0);
	evidence_exe_named(file, &st.st_ctim, "/bin/program", &s->exe);
	evidence_exe_finish(&s->exe);
	digest_hex(&digest, hex);
	assert_says(s, hex);
	assert_says(s, "\"level\":\"E2\",\"path\":\"/bin/program\"");
	/* What the kernel tells goes before it, and stays. */
	assert_true(evidence_exe_read(s->proc, &s->exe));
	assert_says(s, "\"level\":\"E3\"");
	evidence_exe_named(file, &st.st_ctim, "/bin/other", &s->exe);
	assert_says(s, "\"level\":\"E3\"");
}

static void a_file_that_changed_since_it_was_named_tells_nothing(void **state)
{
	struct scene *s = *state;
	cleanup_close int file = -1;
	struct stat st = { 0 };

	put(s, "program", 7, 7);
	file = openat(s->proc, "program", O_PATH | O_CLOEXEC);
	assert_int_equal(fstat(file, &st), 0);
	st.st_ctim.tv_nsec ^= 1;
	evidence_exe_named(file, &st.st_ctim, "/bin/program", &s->exe);
	evidence_exe_finish(&s->exe);
	assert_int_equal(s->exe.state, EXE_CHANGED);
}

/* Changed long ago by its inode: st_ctim cannot be set, so the clock of the reader is. */
static void keep_as_settled(const struct scene *s, const struct known_digests *known)
{
	struct timespec begun = s->exe.begun;

	begun.tv_sec += 3;
	known_digest_keep(known, &s->exe.file, &begun, &s->exe.digest);
}

static void what_was_read_before_is_not_read_again(void **state)
{
	struct scene *s = *state;
	struct known_digests known = { .dir = -1 };
	cleanup_close int runs = -1;

	assert_int_equal(mkdirat(s->proc, "runs", 0700), 0);
	known.dir = runs = openat(s->proc, "runs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(s, "program", 7, 7);
	s->exe.known = &known;
	evidence_exe_read(s->proc, &s->exe);
	evidence_exe_finish(&s->exe);
	assert_int_equal(s->exe.state, EXE_DONE);
	if (major(s->exe.file.dev) == 0)
		skip_because("the folder for temporary files is on no disk");
	assert_false(s->exe.remembered);
	keep_as_settled(s, &known);
	evidence_exe_done(&s->exe);
	s->exe.state = EXE_NONE;
	evidence_exe_read(s->proc, &s->exe);
	assert_int_equal(s->exe.state, EXE_DONE);
	assert_says(s, "\"remembered\":true,\"sha256\":\"");
	usleep(20000); /* more than the grain of a file system's clock */
	put(s, "PROGRAM", 7, 7);
	evidence_exe_read(s->proc, &s->exe);
	assert_false(s->exe.remembered);
	assert_int_equal(s->exe.state, EXE_READING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_it_by_steps, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_program_is_read_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_that_it_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_out_what_is_too_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(says_that_it_was_not_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_own_file_is_not_taken_for_the_program, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_only_its_name_tells_of_is_of_less_weight, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_file_that_changed_since_it_was_named_tells_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_read_before_is_not_read_again, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
