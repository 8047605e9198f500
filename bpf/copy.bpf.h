/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef IMMURE_BPF_COPY_BPF_H
#define IMMURE_BPF_COPY_BPF_H

/* Copies into the two tails of an event. What user memory held is marked as such. */

#include "bpf/common.bpf.h"

#define PATH_NAMES 48 /* components and mounts of a path; more is cut */
#define NAME_BYTES 256
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define AF_INET 2
#define AF_INET6 10

/* Where the next tail begins. The mask is for the verifier. */
static __always_inline char *tail_at(struct scratch *s, __u32 offset)
{
	return s->tail + (offset & (TRACER_TEXT - 1));
}

/* Append a string of the user's, without its NUL byte, to a tail. */
static __always_inline __u16 copy_user_text(struct scratch *s, __u32 offset, __u64 address)
{
	long n = bpf_probe_read_user_str(tail_at(s, offset), TRACER_TEXT, (void *)address);

	s->event.flags |= TRACER_USER;
	if (n <= 0) {
		s->event.flags |= TRACER_UNREADABLE;
		return 0;
	}
	if (n == TRACER_TEXT)
		s->event.flags |= TRACER_CUT;
	return n - 1;
}

static __always_inline __u16 copy_user_bytes(struct scratch *s, __u32 offset, __u64 address,
					     __u64 size)
{
	s->event.flags |= TRACER_USER;
	if (size > 128)
		size = 128; /* struct sockaddr_storage */
	if (size == 0 || bpf_probe_read_user(tail_at(s, offset), size, (void *)address)) {
		s->event.flags |= TRACER_UNREADABLE;
		return 0;
	}
	return size;
}

struct walk {
	struct scratch *s;
	struct dentry *dentry;
	struct mount *mount;
	__u32 pos;
	bool done;
};

/* One step from leaf to root: a name, or from the root of a mount to where it is mounted. */
static long walk_step(__u32 i, struct walk *w)
{
	/* Copies, or the accesses to our own struct would be looked up in the kernel's BTF. */
	struct dentry *dentry = w->dentry;
	struct mount *mount = w->mount;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	long n;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);

		if (above == mount) {
			w->done = true;
			return 1;
		}
		w->mount = above;
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		return 0;
	}
	if (w->pos > TRACER_TEXT - NAME_BYTES)
		return 1;
	n = bpf_probe_read_kernel_str(tail_at(w->s, w->pos), NAME_BYTES,
				      BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0)
		return 1;
	w->pos += n;
	w->dentry = parent;
	return 0;
}

/* The file's path as first tail, names from leaf to root; its identity. */
static __always_inline void copy_file(struct scratch *s, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct walk w = {
		.s = s,
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt),
	};

	bpf_loop(PATH_NAMES, walk_step, &w, 0);
	if (!w.done)
		s->event.flags |= TRACER_CUT;
	s->event.flags |= TRACER_PATH | TRACER_FILE;
	s->event.first_len = w.pos;
	s->event.ino = BPF_CORE_READ(inode, i_ino);
	s->event.dev = BPF_CORE_READ(inode, i_sb, s_dev);
}

static __always_inline struct file *file_of(__u32 fd)
{
	struct files_struct *files = bpf_get_current_task_btf()->files;
	struct fdtable *table = BPF_CORE_READ(files, fdt);
	struct file **array = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), array + fd);
	return file;
}

static __always_inline void copy_tuple(struct tracer_socket *to, struct sock *sk)
{
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);

	__builtin_memset(to, 0, sizeof(*to));
	to->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	to->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (to->family == AF_INET) {
		bpf_core_read(to->local, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(to->remote, 4, &sk->__sk_common.skc_daddr);
	} else if (to->family == AF_INET6) {
		bpf_core_read(to->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(to->remote, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		return;
	}
	to->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	to->remote_port = __builtin_bswap16(port);
}

/* The two ends of a socket of the current task as first tail. */
static __always_inline void copy_socket(struct scratch *s, __u32 fd)
{
	struct file *file = file_of(fd);
	struct socket *socket;
	struct sock *sk;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk)
		return;
	copy_tuple((struct tracer_socket *)s->tail, sk);
	s->event.flags |= TRACER_TUPLE;
	s->event.first_len = sizeof(struct tracer_socket);
}

#endif
