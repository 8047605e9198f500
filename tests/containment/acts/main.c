// SPDX-License-Identifier: Apache-2.0
/*
 * acts --list            every act, tab-separated: name, class, rules, control, needs, sentence
 * acts NAME [KEY=VALUE…] try one; the facts say what was planted outside for it to find
 * acts --each [KEY=VALUE…] try one after the other: "act NAME", what it prints, "end OUTCOME"
 */
#include "act.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACT_SECONDS 30
#define EACH_SECONDS 10 /* of many: one that hangs must not hold up the others */

static const struct act *const tables[] = {
	acts_namespaces, acts_mounts,    acts_procfs,     acts_devices, acts_capabilities,
	acts_set_id,     acts_processes, acts_terminal,   acts_abi,     acts_calls,
	acts_surface,    acts_sockets,   acts_network,    acts_ipc,     acts_inherited,
	acts_files,      acts_limits,    acts_write_exec,
};

static const char *const *facts;

const char *act_fact(const char *name)
{
	size_t len = strlen(name);

	for (const char *const *p = facts; *p; p++) {
		if (strncmp(*p, name, len) == 0 && (*p)[len] == '=')
			return *p + len + 1;
	}
	return NULL;
}

static const char *control_name(uint8_t control)
{
	switch (control & CONTROL_MASK) {
	case CONTROL_PLAIN:
		return "plain";
	case CONTROL_USERNS:
		return "userns";
	case CONTROL_ROOT:
		return "root";
	default:
		return "none";
	}
}

static int list(void)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct act *a = tables[i]; a->name; a++)
			printf("%s\t%u\t%s\t%s%s\t%s%s\t%s\n", a->name, a->class_no, a->rules,
			       control_name(a->control), a->control & CONTROL_KERNEL ? "?" : "",
			       a->needs & ACT_NEEDS_TTY ? "tty" : "",
			       a->needs & ACT_NEEDS_CGROUP ? "cgroup" : "", a->text);
	}
	return ferror(stdout) ? 2 : 0;
}

static const struct act *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct act *a = tables[i]; a->name; a++) {
			if (strcmp(a->name, name) == 0)
				return a;
		}
	}
	return NULL;
}

/* A filter may kill the process that tries; the one that reports lives on. */
static int judge(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	if (WTERMSIG(status) == SIGSYS)
		return act_refused("killed by SIGSYS");
	if (WTERMSIG(status) == SIGALRM)
		fprintf(stderr, "acts: no end in time\n");
	else
		fprintf(stderr, "acts: killed by signal %d\n", WTERMSIG(status));
	return OUTCOME_DEFECT;
}

static int try(const struct act *act, bool own_group)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (own_group)
			setpgid(0, 0);
		alarm(own_group ? EACH_SECONDS : ACT_SECONDS);
		_exit((int)act->run(act));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		fprintf(stderr, "acts: %s\n", strerror(errno));
		return OUTCOME_DEFECT;
	}
	return judge(status);
}

/*
 * For places where a launch costs much. Those that need the terminal must be tried alone; the fact
 * "without-class" leaves a class out.
 */
static int try_each(void)
{
	const char *text = act_fact("without-class");
	int without = text ? atoi(text) : -1;

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		for (const struct act *a = tables[i]; a->name; a++) {
			if ((a->needs & ACT_NEEDS_TTY) || a->class_no == without)
				continue;
			printf("act %s\n", a->name);
			fflush(stdout);
			printf("end %d\n", try(a, true));
			fflush(stdout);
		}
	}
	return ferror(stdout) ? 2 : 0;
}

int main(int argc, char **argv)
{
	const struct act *act;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	facts = (const char *const *)argv + (argc >= 2 ? 2 : 1);
	if (argc >= 2 && strcmp(argv[1], "--each") == 0)
		return try_each();
	act = argc >= 2 ? find(argv[1]) : NULL;
	if (!act) {
		fprintf(stderr, "usage: acts --list | acts NAME|--each [KEY=VALUE...]\n");
		return OUTCOME_DEFECT;
	}
	return try(act, false);
}
