/*
 * KV-cache append. Each token's keys become a column of its block and its values a row (see kernels.h). The lanes of
 * the last block behind the last token are given keys and values of zero and a ln-count of minus infinity, so that
 * attention can work on whole blocks: their weight is exp(-inf) = 0, and nothing there is ever a NaN.
 */
static float* kv_block(uint64_t base, int64_t layer_stride, int layer, int block, int heads, int head_size) {
    char* layer_base = reinterpret_cast<char*>(base) + layer_stride * layer;
    return reinterpret_cast<float*>(layer_base) + static_cast<size_t>(block) * kv_block_floats(heads, head_size);
}

static void append_token(const sf_kv_append& append, int token, int heads, int head_size, int layer, const float* qkv,
                         const float* bias, int32_t count, float* q) {
    const int hidden = heads * head_size;
    const int value_stride = round_up(head_size, 16);
    const int position = append.position + token;
    const int lane = position % KV_BLOCK;
    float* block = kv_block(append.kv, append.layer_stride, layer, position / KV_BLOCK, heads, head_size);
    for (int i = 0; i < hidden; i++) q[i] = qkv[i] + bias[i];
    for (int h = 0; h < heads; h++) {
        float* keys = block + static_cast<size_t>(h) * kv_head_floats(head_size);
        float* values = keys + head_size * KV_BLOCK + lane * value_stride;
        const float* k = qkv + hidden + h * head_size;
        const float* k_bias = bias + hidden + h * head_size;
        for (int i = 0; i < head_size; i++) keys[i * KV_BLOCK + lane] = k[i] + k_bias[i];
        for (int i = 0; i < head_size; i++) values[i] = k[hidden + i] + k_bias[hidden + i];
        for (int i = head_size; i < value_stride; i++) values[i] = 0;
    }
    block[static_cast<size_t>(heads) * kv_head_floats(head_size) + static_cast<size_t>(lane)] =
        count == 1 ? 0.0f : __builtin_logf(static_cast<float>(count));
}

static void clear_tail(const sf_kv_append& append, int heads, int head_size, int layer) {
    const int end = append.position + append.tokens;
    if (end % KV_BLOCK == 0) return;
    const int value_stride = round_up(head_size, 16);
    float* block = kv_block(append.kv, append.layer_stride, layer, end / KV_BLOCK, heads, head_size);
    for (int lane = end % KV_BLOCK; lane < KV_BLOCK; lane++) {
        for (int h = 0; h < heads; h++) {
            float* keys = block + static_cast<size_t>(h) * kv_head_floats(head_size);
            for (int i = 0; i < head_size; i++) keys[i * KV_BLOCK + lane] = 0;
            memset(keys + head_size * KV_BLOCK + lane * value_stride, 0,
                   sizeof(float) * static_cast<size_t>(value_stride));
        }
        block[static_cast<size_t>(heads) * kv_head_floats(head_size) + static_cast<size_t>(lane)] = -__builtin_inff();
    }
}

static void append_kv(const sf_kv_append* appends, int num_appends, int heads, int head_size, int layer,
                      const float* qkv, const float* bias, const int32_t* counts, float* q, Team* team) {
    const size_t hidden = static_cast<size_t>(heads * head_size);
    for (int a = 0; a < num_appends; a++) {
        const sf_kv_append& append = appends[a];
        if (append.tokens == 0) continue;
        const bool parallel = append.tokens * static_cast<int64_t>(hidden) > PARALLEL_ELEMENTS;
        /* Whole blocks a thread: two threads never write one cache line of keys. */
        const int first_block = append.position / KV_BLOCK;
        const int last_block = (append.position + append.tokens - 1) / KV_BLOCK;
        parallel_for(team, last_block - first_block + 1, parallel, [&](int64_t b, int) {
            const int from = (first_block + static_cast<int>(b)) * KV_BLOCK - append.position;
            const int begin = from > 0 ? from : 0;
            const int end = from + KV_BLOCK < append.tokens ? from + KV_BLOCK : append.tokens;
            for (int token = begin; token < end; token++) {
                const size_t row = static_cast<size_t>(append.row + token);
                append_token(append, token, heads, head_size, layer, qkv + row * 3 * hidden, bias,
                             counts[append.row + token], q + row * hidden);
            }
        });
        clear_tail(append, heads, head_size, layer);
    }
}
