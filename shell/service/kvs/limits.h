/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Every bound of the KVS and the content store in one place. */

#ifndef FLUX_SERVICE_KVS_LIMITS_H
#define FLUX_SERVICE_KVS_LIMITS_H

enum {
    KVS_KEY_MAX = 16384,           // bytes of a key
    KVS_DEPTH_MAX = 256,           // components of a key; nesting of a tree object
    KVS_SYMLINK_MAX = 10,          // links in a chain before ELOOP
    KVS_NS_MAX = 256,              // bytes of a namespace's name
    KVS_TXN_OPS_MAX = 1000000,     // operations in one transaction
    KVS_INLINE_MAX = 256,          // a value up to this size is kept in its directory object
    KVS_COLD_INLINE_MAX = 1024,    // the same when the directory is written to be forgotten
    KVS_COLD_ENTRIES_MAX = 16,     // entries of a directory that goes together with those below
    KVS_COLD_LEVELS_MAX = 3,       // and levels of them
    KVS_MERGE_MAX = 64 * 1024,     // pieces of an appended value are merged up to this size
    KVS_MAXDIRENT = 16384,         // entries of a directory, past it it is stored as an hdir
    KVS_EVENT_KEYS_MAX = 8192,     // keys named in one setroot event; past it all are meant
    KVS_TREE_BYTES = 32 << 20,     // decoded tree in memory, before cold directories go
    KVS_WATCHERS_MAX = 1 << 18,    // watchers of one broker; past it ENOSPC
    KVS_WATCHERS_OF_ONE = 1 << 16, // watchers of one client; past it ENOSPC
    CONTENT_BLOB_MAX = 1 << 30,    // RFC 10: EFBIG past it
    CONTENT_SHARE_MIN = 64 << 10,  // a blob that came in a message stays there
    CONTENT_CACHE_BYTES = 8 << 20, // clean blobs in memory
    CONTENT_DIRTY_BYTES = 8 << 20, // rank 0: unsaved blobs, before a backing store is opened
    CONTENT_BATCH_BYTES = 2 << 20, // once it is open: unsaved blobs, before a batch is written
    CONTENT_RECENT_TIME = 300,     // seconds that what was stored may wait for a reference to it
    CONTENT_RECENT_MAX = 1 << 18,  // blobs that are remembered for that
    CONTENT_COLLECT_DIRTY_MAX = 128 << 20, // unsaved blobs during garbage collection
    CONTENT_GC_MIN = 50000,                // blobs in a kept store, before garbage is looked for
};

#endif /* !FLUX_SERVICE_KVS_LIMITS_H */
