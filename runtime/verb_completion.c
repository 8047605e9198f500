/* SPDX-License-Identifier: Apache-2.0 */
/* Shell completions, made from the same rows as the help. */
#include <stdio.h>
#include <string.h>

#include "policies/policy_read.h"
#include "runtime/tool_verbs.h"

/* Calls emit for each verb that has options or arguments, with "VERB" or "VERB SUBVERB". */
static void each_verb(void (*emit)(const char *path, const struct verb *verb))
{
	for (size_t i = 0; tool_verbs[i]; i++) {
		const struct verb *verb = tool_verbs[i];

		for (size_t k = 0; verb->subverbs && verb->subverbs[k]; k++) {
			char path[64];

			snprintf(path, sizeof(path), "%s %s", verb->name, verb->subverbs[k]->name);
			emit(path, verb->subverbs[k]);
		}
		if (!verb->subverbs)
			emit(verb->name, verb);
	}
}

static void print_names(const struct verb *const *list)
{
	for (size_t i = 0; list[i]; i++)
		printf("%s%s", i ? " " : "", list[i]->name);
}

static void print_policies(void)
{
	for (size_t i = 0; i < n_builtin_names; i++)
		printf("%s%s", i ? " " : "", builtin_names[i]);
}

static void bash_values(const struct opt *o)
{
	if (!o->arg)
		return;
	printf("\t\t--%s%s%c) ", o->name, o->letter ? "|-" : "", o->letter ? o->letter : ' ');
	if (!o->values)
		printf("return ;;\n");
	else if (strcmp(o->values, "@files") == 0)
		printf("COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n");
	else if (strcmp(o->values, "@dirs") == 0)
		printf("COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n");
	else if (strcmp(o->values, "@policies") == 0) {
		printf("COMPREPLY=($(compgen -f -W '");
		print_policies();
		printf("' -- \"$cur\")); return ;;\n");
	} else
		printf("COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", o->values);
}

static void bash_verb(const char *path, const struct verb *verb)
{
	printf("\t'%s')\n\t\tcase $prev in\n", path);
	for (size_t i = 0; i < verb->n_opts; i++)
		bash_values(&verb->opts[i]);
	printf("\t\tesac\n\t\twords='--help");
	for (size_t i = 0; i < verb->n_opts; i++)
		printf(" --%s", verb->opts[i].name);
	printf("' ;;\n");
}

static void bash(void)
{
	printf("# bash completion for immure\n_immure()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	       "\tlocal verb=${COMP_WORDS[1]} sub=${COMP_WORDS[2]}\n\tCOMPREPLY=()\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	print_names(tool_verbs);
	printf(" --help --version' -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase $verb in\n");
	for (size_t i = 0; tool_verbs[i]; i++) {
		if (!tool_verbs[i]->subverbs)
			continue;
		printf("\t%s)\n\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then\n\t\t\tCOMPREPLY=($(compgen -W '",
		       tool_verbs[i]->name);
		print_names(tool_verbs[i]->subverbs);
		printf("' -- \"$cur\"))\n\t\t\treturn\n\t\tfi\n\t\tverb=\"$verb $sub\" ;;\n");
	}
	printf("\tesac\n\tcase $verb in\n");
	each_verb(bash_verb);
	printf("\tesac\n\tcase $cur in\n\t-*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	       "\t*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n\tesac\n}\ncomplete -F _immure immure\n");
}

static void fish_verb(const char *path, const struct verb *verb)
{
	const char *space = strchr(path, ' ');

	for (size_t i = 0; i < verb->n_opts; i++) {
		const struct opt *o = &verb->opts[i];

		printf("complete -c immure -n '__fish_seen_subcommand_from %.*s",
		       space ? (int)(space - path) : (int)strlen(path), path);
		if (space)
			printf("; and __fish_seen_subcommand_from %s", space + 1);
		printf("' -l %s", o->name);
		if (o->letter)
			printf(" -s %c", o->letter);
		if (o->arg)
			printf(" -r");
		if (o->values && o->values[0] != '@')
			printf(" -f -a '%s'", o->values);
		else if (o->values && strcmp(o->values, "@policies") == 0) {
			printf(" -a '");
			print_policies();
			printf("'");
		}
		printf(" -d \"%s\"\n", o->help);
	}
}

static void fish(void)
{
	printf("# fish completion for immure\n");
	for (size_t i = 0; tool_verbs[i]; i++) {
		printf("complete -c immure -n __fish_use_subcommand -f -a %s -d \"%s\"\n",
		       tool_verbs[i]->name, tool_verbs[i]->help);
		for (size_t k = 0; tool_verbs[i]->subverbs && tool_verbs[i]->subverbs[k]; k++)
			printf("complete -c immure -n '__fish_seen_subcommand_from %s' -f -a %s -d \"%s\"\n",
			       tool_verbs[i]->name, tool_verbs[i]->subverbs[k]->name,
			       tool_verbs[i]->subverbs[k]->help);
	}
	each_verb(fish_verb);
}

static void zsh(void)
{
	/* zsh reads bash's completions as they are. */
	printf("#compdef immure\nautoload -U +X bashcompinit && bashcompinit\n");
	bash();
}

static int completion(const struct verb_call *call, struct err *err)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "fish", fish }, { "zsh", zsh } };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		if (strcmp(call->argv[0], shells[i].name) == 0) {
			shells[i].print();
			return 0;
		}
	}
	err_set(err, EINVAL, "unknown shell %.40s: expected bash, zsh or fish", call->argv[0]);
	return err_at(err, ERR_USAGE);
}

const struct verb verb_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.help = "print what completes immure's words in a shell",
	.min_args = 1,
	.max_args = 1,
	.run = completion,
};
