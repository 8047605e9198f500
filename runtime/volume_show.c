/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/volume_show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LABEL_WIDTH 40

static void json_labels(struct jsonw *j, const struct volume_info *info)
{
	jsonw_key(j, "labels");
	jsonw_object(j);
	for (size_t i = 0; i < info->n_labels; i++) {
		const char *equals = strchr(info->labels[i], '=');
		size_t n = equals ? (size_t)(equals - info->labels[i]) : strlen(info->labels[i]);
		char key[160] = "";

		memcpy(key, info->labels[i], n < sizeof(key) ? n : sizeof(key) - 1);
		jsonw_kstr(j, key, equals ? equals + 1 : "");
	}
	jsonw_object_end(j);
}

void volume_show_json(struct jsonw *j, const char *name, const char *path,
		      const struct volume_info *info, const struct volume_size *size)
{
	jsonw_object(j);
	jsonw_kbool(j, "anonymous", info->run != NULL);
	if (size)
		jsonw_ku64(j, "bytes", size->bytes);
	jsonw_ku64(j, "created", info->created);
	if (size)
		jsonw_ku64(j, "files", size->files);
	jsonw_kbool(j, "in_use", info->in_use);
	json_labels(j, info);
	if (info->limits.bytes)
		jsonw_ku64(j, "max_bytes", info->limits.bytes);
	if (info->limits.inodes)
		jsonw_ku64(j, "max_files", info->limits.inodes);
	jsonw_kstr(j, "name", name);
	jsonw_kstr(j, "path", path);
	if (info->run)
		jsonw_kstr(j, "run", info->run);
	jsonw_object_end(j);
}

void volume_show_head(void)
{
	printf("%-32s %-17s %-10s %s\n", "VOLUME", "CREATED", "USE", "LABELS");
}

void volume_show_line(const char *name, const struct volume_info *info)
{
	cleanup_strbuf struct strbuf labels = { 0 };
	time_t created = (time_t)info->created;
	char day[24] = "?";
	struct tm tm;

	if (info->run)
		strbuf_addf(&labels, "anonymous, of run %s%s", info->run,
			    info->n_labels ? " " : "");
	for (size_t i = 0; i < info->n_labels; i++) {
		strbuf_puts(&labels, i ? "," : "");
		strbuf_escaped(&labels, info->labels[i], strlen(info->labels[i]));
	}
	if (localtime_r(&created, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
	printf("%-32s %-17s %-10s %.*s\n", name, day, info->in_use ? "in use" : "-", LABEL_WIDTH,
	       strbuf_str(&labels));
}
