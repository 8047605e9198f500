/* SPDX-License-Identifier: Apache-2.0 */
/* Who the workload is, by the files of an image's layers. */
#include "tests/support/unit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/plan.h"

static char *const command[] = { (char *)(uintptr_t) "true", NULL };

static const char *const environment[] = { "PATH=/bin", "HOME=/", NULL };

/* Layers as an overlay would show them; in a scratch folder. */
struct layers {
	const char *top;
	const char *paths[2];
	struct arena arena;
	struct host host;
	struct bundle bundle;
	struct plan_request request;
	struct plan plan;
	struct err err;
};

static int decide(struct layers *l)
{
	return plan_make(&l->bundle, &l->host, &l->request, &l->arena, &l->plan, &l->err);
}

static void write_file(const char *layer, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/etc", layer);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/etc/%s", layer, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	fclose(file);
}

static void layers_init(struct layers *l)
{
	*l = (struct layers){ .top = temp_dir_make() };
	for (size_t i = 0; i < ARRAY_LEN(l->paths); i++) {
		l->paths[i] = arena_printf(&l->arena, "%s/%zu", l->top, i);
		assert_int_equal(mkdir(l->paths[i], 0755), 0);
	}
	write_file(l->paths[0], "passwd", "app:x:7:8::/home/app:\nlow:x:9:9::/:\n");
	write_file(l->paths[0], "group", "staff:x:50:app\nwheel:x:10:app\nfar:x:99999999:app\n");
	l->host = (struct host){ .uid = 1000,
				 .gid = 1000,
				 .user = "bob",
				 .has_subuid = true,
				 .has_subgid = true,
				 .has_newidmap = true,
				 .subuid = { 0, 100000, 65536 },
				 .subgid = { 0, 100000, 65536 },
				 .release = "6.1.0",
				 .lsm = "" };
	l->bundle = (struct bundle){ .name = "t" };
	l->request = (struct plan_request){ .root_kind = ROOT_LAYERS,
					    .root_dir = "image",
					    .layers = l->paths,
					    .n_layers = 2,
					    .name = "box",
					    .env = environment,
					    .argv = command };
}

static void layers_done(struct layers *l)
{
	temp_dir_remove(l->top);
	arena_done(&l->arena);
}

static void takes_users_groups_and_home_of_the_image(void **state)
{
	struct layers l;

	(void)state;
	layers_init(&l);
	l.request.user = "app";
	l.request.home_is_default = true;
	l.request.ids_range = true;
	assert_int_equal(decide(&l), 0);
	assert_int_equal(l.plan.ids.uid, 7);
	assert_int_equal(l.plan.ids.gid, 8);
	assert_string_equal(l.plan.env[1], "HOME=/home/app");
	assert_int_equal(l.plan.n_groups, 2); /* the third is not mapped */
	assert_int_equal(l.plan.groups[0], 50);
	l.request.user = "7:wheel";
	assert_int_equal(decide(&l), 0);
	assert_int_equal(l.plan.ids.gid, 10);
	assert_int_equal(l.plan.n_groups, 0);
	l.request.ids_range = false;
	l.request.home_is_default = false;
	l.request.user = "app";
	assert_int_equal(decide(&l), 0);
	assert_int_equal(l.plan.n_groups, 0); /* one id has no others */
	assert_string_equal(l.plan.env[1], "HOME=/");
	layers_done(&l);
}

static void reads_files_as_an_overlay_shows_them(void **state)
{
	struct layers l;
	char path[PATH_MAX];

	(void)state;
	layers_init(&l);
	l.request.user = "low";
	assert_int_equal(decide(&l), 0);
	write_file(l.paths[1], "passwd", "app:x:1:1::/:\n");
	assert_int_equal(decide(&l), -EINVAL); /* hidden by the file above */
	snprintf(path, sizeof(path), "%s/etc/passwd", l.paths[1]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(decide(&l), 0);
	assert_int_equal(mknod(path, S_IFCHR, 0), 0); /* a whiteout */
	assert_int_equal(decide(&l), -ENOENT);
	l.request.user = "9";
	assert_int_equal(decide(&l), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_int_equal(decide(&l), 0);
	l.request.user = "low";
	assert_int_equal(decide(&l), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("../../../../etc/hostname", path), 0);
	assert_int_equal(decide(&l), -EINVAL); /* leads nowhere inside */
	layers_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_users_groups_and_home_of_the_image),
		cmocka_unit_test(reads_files_as_an_overlay_shows_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
