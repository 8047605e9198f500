/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/image_choose.h"

#include <stdio.h>
#include <string.h>

#include "runtime/image_platform.h"

static bool is_part(struct span text)
{
	if (text.n == 0 || text.n >= PLATFORM_PART_MAX || *text.p == '.' || *text.p == '-')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		      c == '-'))
			return false;
	}
	return true;
}

static bool keep(char ret[PLATFORM_PART_MAX], struct span text)
{
	if (!is_part(text))
		return false;
	memcpy(ret, text.p, text.n);
	ret[text.n] = '\0';
	return true;
}

int image_platform_parse(struct span text, struct image_platform *ret, struct err *err)
{
	struct image_platform platform = { .os = "linux" };
	struct span rest = text;
	struct span first = span_cut(&rest, '/');
	bool has_variant = span_has_byte(rest, '/');
	bool good;

	if (first.n == text.n) {
		good = keep(platform.arch, first);
	} else {
		good = keep(platform.os, first) && keep(platform.arch, span_cut(&rest, '/'));
		if (good && has_variant)
			good = keep(platform.variant, rest);
	}
	if (!good) {
		err_set(err, EINVAL, "platform \"%.*s\": expected OS/ARCH[/VARIANT]",
			(int)(text.n < 60 ? text.n : 60), text.p);
		return err_at(err, ERR_USAGE);
	}
	*ret = platform;
	return 0;
}

struct image_platform image_platform_here(void)
{
	struct image_platform platform = { 0 };

	snprintf(platform.os, sizeof(platform.os), "%s", image_os());
	snprintf(platform.arch, sizeof(platform.arch), "%s", image_arch());
	return platform;
}

static bool fits(const struct image_descriptor *image, const struct image_platform *platform)
{
	if (!image->os || !image->arch || strcmp(image->os, platform->os) != 0 ||
	    strcmp(image->arch, platform->arch) != 0)
		return false;
	return !platform->variant[0] || !image->variant ||
	       strcmp(image->variant, platform->variant) == 0;
}

const struct image_descriptor *image_choose(const struct image_index *index,
					    const struct image_platform *platform)
{
	for (size_t i = 0; i < index->n; i++) {
		if (fits(&index->manifests[i], platform))
			return &index->manifests[i];
	}
	return NULL;
}
