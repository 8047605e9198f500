/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_IMAGE_CHANGE_H
#define IMMURE_RUNTIME_IMAGE_CHANGE_H

#include "runtime/image_edit.h"

/*
 * Change a configuration by one instruction as in a Dockerfile: CMD, ENTRYPOINT, ENV, EXPOSE,
 * HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR. Variables are not
 * expanded. As with Docker, ENTRYPOINT drops the Cmd of the image below, unless a CMD came before
 * it.
 *
 * Returns   0, -EINVAL (stage ERR_USAGE; says what was expected), -ENOMEM.
 * Source    Dockerfile reference; docker commit --change
 */
must_check int image_change(struct image_edit *edit, const char *text, struct err *err);

#endif
