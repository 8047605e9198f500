/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_CONFIG_H
#define IMMURE_RUNTIME_REGISTRY_CONFIG_H

/* registries.yaml: mirrors, pinned digests, limits. See immure-registries(5). */

#include "policies/policy.h"
#include "runtime/image_ref.h"

/* What is said of one registry. */
struct registry_rule {
	const char *host; /* as a reference has it: "docker.io", "127.0.0.1:5000" */
	size_t n_mirrors;
	const char **mirrors; /* HOST[:PORT], asked in order, before the registry itself */
	const char *ca;       /* absolute path of PEM text: the only CAs to be trusted; or NULL */
	bool insecure;        /* plain HTTP, and certificates that nobody vouches for, are taken */
};

struct registry_pin {
	const char *reference; /* in full: "docker.io/library/debian:12" */
	const char *digest;
};

struct registry_config {
	size_t n_rules, n_pins;
	struct registry_rule *rules;
	struct registry_pin *pins;
	uint64_t max_image;    /* bytes of all layers of an image, compressed */
	uint64_t max_layers;   /* their number */
	uint64_t max_unpacked; /* bytes of one layer, unpacked */
	uint64_t max_entries;  /* files of one layer */
};

/*
 * Parse the text. Pure.
 *
 *   name  how messages call it
 *   ret   filled only on success; limits that are not named have their defaults
 *
 * Returns   0, or -EINVAL (diags holds at least one), -ENOMEM.
 */
must_check int registry_config_parse(struct span text, const char *name, struct arena *arena,
				     struct registry_config *ret, struct diags *diags);

/*
 * Read $XDG_CONFIG_HOME/immure/registries.yaml, else ~/.config/immure/registries.yaml, else
 * /etc/immure/registries.yaml. None of them is no error. Faults are in diags.
 */
must_check int registry_config_read(struct arena *arena, struct registry_config *ret,
				    struct diags *diags, struct err *err);

/* HOST[:PORT] to connect to for the domain of a reference: Docker's is another than its name. */
const char *registry_api_host(const char *domain);

/* What is said of a registry; never NULL. */
const struct registry_rule *registry_rule_of(const struct registry_config *config,
					     const char *host);

/* The digest that a reference is pinned to, or NULL. */
const char *registry_pin_of(const struct registry_config *config, const struct image_ref *ref);

#endif
