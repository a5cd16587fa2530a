/*
 * KV-cache append. Each token's keys become a column of its block and its values a row (kv_layout.h). Nothing is
 * written after the last token: attention leaves out what lies there.
 */
#include "kv_layout.h"

namespace cpu::SF_ISA {

/*
 * One head of the tokens that lie in one block, head by head so that its lines of keys stay in the first-level cache
 * while token after token writes into them.
 */
static void append_head(const sf_kv_append& append, int block, int heads, int head_size, int layer, int head,
                        const float* qkv, const float* bias, const int32_t* counts, float* q) {
    const auto hidden = static_cast<size_t>(heads * head_size);
    const int value_stride = round_up(head_size, 16);
    float* base = kv_block(append.kv, append.layer_stride, layer, block, heads, head_size);
    float* keys = base + static_cast<size_t>(head) * kv_head_floats(head_size);
    float* values = keys + head_size * KV_BLOCK;
    float* ln_counts = base + static_cast<size_t>(heads) * kv_head_floats(head_size);
    const int first = block * KV_BLOCK;
    const int begin = append.position > first ? append.position - first : 0;
    const int all = append.position + append.tokens - first;
    const int end = all < KV_BLOCK ? all : KV_BLOCK;
    bias += head * head_size;
    for (int lane = begin; lane < end; lane++) {
        const auto row = static_cast<size_t>(append.row + first + lane - append.position);
        const float* from = qkv + row * 3 * hidden + head * head_size;
        float* query = q + row * hidden + head * head_size;
        float* value = values + lane * value_stride;
        for (int i = 0; i < head_size; i++) query[i] = from[i] + bias[i];
        for (int i = 0; i < head_size; i++) keys[i * KV_BLOCK + lane] = from[hidden + i] + bias[hidden + i];
        for (int i = 0; i < head_size; i++) value[i] = from[2 * hidden + i] + bias[2 * hidden + i];
        if (head == 0) {
            const int32_t count = counts[row];
            ln_counts[lane] = count == 1 ? 0.0f : __builtin_logf(static_cast<float>(count));
        }
    }
}

int append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int, int heads, int head_size, int layer,
              int, const float* qkv, const float* bias, const int32_t* counts, void* q) {
    for (int a = 0; a < num_appends; a++) {
        const sf_kv_append& append = appends[a];
        if (append.tokens == 0) continue;
        const bool parallel = append.tokens * static_cast<int64_t>(heads * head_size) > PARALLEL_ELEMENTS;
        /* Two threads never write one cache line of keys. */
        const int first = append.position / KV_BLOCK;
        const int blocks = (append.position + append.tokens - 1) / KV_BLOCK - first + 1;
        parallel_for(cpu_stream(stream)->team, static_cast<int64_t>(blocks) * heads, parallel, [&](int64_t item, int) {
            append_head(append, first + static_cast<int>(item) / heads, heads, head_size, layer,
                        static_cast<int>(item) % heads, qkv, bias, counts, static_cast<float*>(q));
        });
    }
    return SF_OK;
}

}  // namespace cpu::SF_ISA
