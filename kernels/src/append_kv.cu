/*
 * KV-cache append. A block of threads takes one head of one block of 16 cache tokens: it walks the places of its keys
 * and values in the order of memory, finds which token's which element belongs there, and writes the sum of projection
 * and bias in the cache's type, so that writes are whole lines. Tokens of the block that this append does not hold are
 * left as they are, which makes an append in pieces the same, bit for bit, as one append. Queries leave packed by rows.
 */
#include "kv_layout.cuh"
#include "stream.cuh"

namespace {

constexpr int kThreads = 128;

__device__ __forceinline__ bool valid_append(const sf_kv_append& a) {
    return a.row >= 0 && a.tokens >= 0 && a.position >= 0 && a.kv != 0 && a.kv % 64 == 0 && a.layer_stride % 64 == 0 &&
           static_cast<int64_t>(a.position) + a.tokens <= a.capacity;
}

__device__ __forceinline__ int blocks_touched(const sf_kv_append& a) {
    if (a.tokens <= 0 || !valid_append(a)) return 0;
    return (a.position + a.tokens - 1) / kKvTokens - a.position / kKvTokens + 1;
}

template <typename Math>
__global__ void __launch_bounds__(kThreads, 6)
    append_kv(const sf_kv_append* appends, int num_appends, int max_rows, int heads, int head_size, int layer,
              const float* qkv, const float* bias, const int32_t* counts, typename Math::Type* q, Fault* fault) {
    using T = typename Math::Type;
    const int thread = static_cast<int>(threadIdx.x);
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        check_table(num_appends, max_rows, fault, kFaultAppend, [&](int a) {
            const sf_kv_append& append = appends[a];
            if (valid_append(append)) return append.tokens;
            report(fault, kFaultAppend, a, append.position + append.tokens, append.capacity);
            return 0;
        });
    }
    const Piece piece =
        find_piece(static_cast<int>(blockIdx.x), num_appends, [&](int a) { return blocks_touched(appends[a]); });
    if (piece.item < 0) return;
    const sf_kv_append append = appends[piece.item];
    const int head = static_cast<int>(blockIdx.y);
    const int hidden = heads * head_size;
    const int padded = padded_head_size(head_size);
    const int block = append.position / kKvTokens + piece.offset;
    /* Token 0 of the block is this token of the append; those from begin to end are appended. */
    const int first = block * kKvTokens - append.position;
    const int begin = first < 0 ? -first : 0;
    const int end = append.tokens - first < kKvTokens ? append.tokens - first : kKvTokens;
    const int64_t row = static_cast<int64_t>(append.row) + first;
    char* base = kv_block(append.kv, append.layer_stride, layer, block, kv_block_bytes(heads, padded, sizeof(T)));

    const int places = kKvTokens * padded;
    T* keys = reinterpret_cast<T*>(base) + static_cast<int64_t>(head) * 2 * places;
    T* values = keys + places;
    const auto element = [&](int token, int part, int i) {
        const int column = part * hidden + head * head_size + i;
        const float v = i < head_size ? qkv[(row + token) * 3 * hidden + column] + bias[column] : 0.0f;
        return Math::kFragments && sizeof(T) == 4 ? from_float<T>(to_tf32(v)) : from_float<T>(v);
    };
    const auto appended = [&](int token) { return token >= begin && token < end && counts[row + token] >= 1; };
    for (int i = thread; i < places; i += kThreads) {
        const KvPlace key = key_at<Math>(i);
        if (appended(key.token)) keys[i] = element(key.token, 1, key.element);
        const KvPlace value = value_at<Math>(i, padded);
        if (appended(value.token)) values[i] = element(value.token, 2, value.element);
    }
    for (int i = thread; i < kKvTokens * head_size; i += kThreads) {
        const int token = i / head_size;
        if (appended(token)) {
            q[(row + token) * hidden + head * head_size + i % head_size] = element(token, 0, i % head_size);
        }
    }
    if (head == 0 && thread < kKvTokens && thread >= begin && thread < end) {
        const int count = counts[row + thread];
        if (count < 1) {
            report(fault, kFaultCount, static_cast<int>(row) + thread, count, 1);
        } else {
            float* log_counts = reinterpret_cast<float*>(base + static_cast<int64_t>(heads) * 2 * places *
                                                                    static_cast<int64_t>(sizeof(T)));
            log_counts[thread] = log2f(static_cast<float>(count));
        }
    }
}

template <typename Math>
int append(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads, int head_size,
           int layer, const float* qkv, const float* bias, const int32_t* counts, void* q) {
    return launch(stream, "sf_append_kv", append_kv<Math>, max_rows / kKvTokens + 2 * static_cast<int64_t>(num_appends),
                  heads, kThreads, appends, num_appends, max_rows, heads, head_size, layer, qkv, bias, counts,
                  static_cast<typename Math::Type*>(q), stream->fault);
}

}  // namespace

int64_t sf_kv_bytes(int heads, int head_size, int tokens, int math) {
    if (heads < 1 || head_size < 1 || head_size > kMaxHeadSize || tokens < 1 || math < SF_F32 || math > SF_TF32)
        return 0;
    const int element_bytes = math == SF_F16 || math == SF_BF16 ? 2 : 4;
    return div_up(tokens, kKvTokens) * kv_block_bytes(heads, padded_head_size(head_size), element_bytes);
}

int sf_append_kv(sf_stream* stream, const sf_kv_append* appends, int num_appends, int max_rows, int heads,
                 int head_size, int layer, int math, const float* qkv, const float* bias, const int32_t* counts,
                 void* q) {
    const char* operation = "sf_append_kv";
    if (stream == nullptr) return SF_INVALID_ARGUMENT;
    if (num_appends < 0 || max_rows < 0 || heads < 1 || head_size < 1 || head_size > kMaxHeadSize || layer < 0 ||
        math < SF_F32 || math > SF_TF32) {
        return invalid(stream, operation,
                       "expected heads >= 1, head size 1 to 128, layer >= 0, math 0 to 3, found " + number(heads) +
                           ", " + number(head_size) + ", " + number(layer) + ", " + number(math) + ", with " +
                           number(num_appends) + " appends of " + number(max_rows) + " rows");
    }
    if (num_appends == 0) return SF_OK;
    if (any_null({appends, qkv, bias, counts, q})) return invalid(stream, operation, "NULL argument");
    const auto run = math == SF_F16    ? append<MathF16>
                     : math == SF_BF16 ? append<MathBf16>
                     : math == SF_TF32 ? append<MathTf32>
                                       : append<MathF32>;
    return run(stream, appends, num_appends, max_rows, heads, head_size, layer, qkv, bias, counts, q);
}
