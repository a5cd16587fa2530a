/* The KV cache as the CPU's append writes it and its attention reads it. */
#ifndef SCANFORMER_CPU_OPS_KV_LAYOUT_H
#define SCANFORMER_CPU_OPS_KV_LAYOUT_H

#include "common.h"

/* Tokens in a block of the KV cache: a vector of AVX-512, a whole number of narrower ones. */
enum { KV_BLOCK = 16 };

/*
 * A block of one head: K transposed, [head_size][KV_BLOCK], so that a query's products with 16 keys are vectors; V as
 * [KV_BLOCK][head_size rounded up to 16]. A layer's block of 16 tokens is that for each head, then 16 ln-counts.
 */
static inline size_t kv_head_floats(int head_size) {
    return static_cast<size_t>(KV_BLOCK) * static_cast<size_t>(head_size + round_up(head_size, 16));
}

static inline size_t kv_block_floats(int heads, int head_size) {
    return static_cast<size_t>(heads) * kv_head_floats(head_size) + KV_BLOCK;
}

/* Where a segment's block of a layer begins. */
static inline float* kv_block(uint64_t base, int64_t layer_stride, int layer, int block, int heads, int head_size) {
    char* layer_base = reinterpret_cast<char*>(base) + layer_stride * layer;
    return reinterpret_cast<float*>(layer_base) + static_cast<size_t>(block) * kv_block_floats(heads, head_size);
}

#endif
