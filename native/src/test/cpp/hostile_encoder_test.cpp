/* Hostile arguments and tables for the operations of the encoder. */
#include <limits>

#include "hostile.h"
#include "scanformer_backend.h"

namespace {

constexpr int kHeads = 2;
constexpr int kHeadSize = 4;
constexpr int kHiddenSize = kHeads * kHeadSize;
constexpr int kLayers = 2;
constexpr int kCapacity = 20; /* tokens of a segment */
constexpr int kRows = 6;      /* of qkv, queries and out */

bool valid_heads(int heads, int head_size, int layer, int compute_type) {
    return heads >= 1 && head_size >= 1 && head_size <= SF_MAX_HEAD_SIZE && heads <= SF_MAX_HEADS && layer >= 0 &&
           contains(backend_compute_types, compute_type);
}

void layer_norm_call(sf_stream* stream) {
    constexpr int kColumns = 7;
    Array<float> values(kRows * kColumns), added(kRows * kColumns), sums(kRows * kColumns), one(kColumns);
    Table<int32_t> row(kRows);
    for (int32_t& index : row) {
        index = random_int(0, kRows - 1);
        if (chosen()) spoil(index);
    }
    int rows = kRows, columns = kColumns, type = one_of({SF_F32, SF_F16, SF_BF16});
    Activations result(type, kRows * kColumns);
    const int written = type;
    float eps = 1e-5f;
    spoil(rows);
    spoil(columns);
    spoil(type);
    spoil(eps);
    const float *x = values.data(), *weight = one.data(), *bias = one.data();
    const float* y = random_int(0, 1) == 0 ? nullptr : added.data();
    const int32_t* row_index = random_int(0, 1) == 0 ? nullptr : row.data();
    float* x_out = random_int(0, 2) == 0 ? nullptr : random_int(0, 1) == 0 ? values.data() : sums.data();
    char* out = static_cast<char*>(result.data());
    spoil(x);
    spoil(y);
    spoil(weight);
    spoil(bias);
    spoil(row_index);
    spoil(x_out);
    if (chosen()) out = random_int(0, 1) == 0 ? nullptr : out + 1;
    Outcome expected = Outcome::kRefused;
    if (rows >= 0 && columns >= 1 && columns <= SF_MAX_HIDDEN && contains(backend_types, type)) {
        const bool norm = out == nullptr || (weight != nullptr && bias != nullptr);
        if (rows == 0) {
            expected = Outcome::kFine;
        } else if (!unusable(x) && norm && !misaligned(y) && !misaligned(x_out) && !misaligned(weight) &&
                   !misaligned(bias) && !misaligned(row_index) && reinterpret_cast<uintptr_t>(out) % 2 == 0 &&
                   (row_index == nullptr || x_out != x)) {
            bool faults = false, lies = rows > kRows || columns > kColumns || (type == SF_F32 && written != SF_F32);
            for (int i = 0; row_index != nullptr && i < std::min(rows, static_cast<int>(kRows)); i++) {
                faults = faults || row[static_cast<size_t>(i)] < 0;
                lies = lies || row[static_cast<size_t>(i)] >= kRows;
            }
            expected = rows > kRows ? Outcome::kLie : of_table(faults, lies);
        }
    }
    check_outcome(
        stream, expected, "sf_residual_layer_norm",
        [&] {
            return sf_residual_layer_norm(stream, rows, columns, x, row_index, y, x_out, weight, bias, eps, type, out);
        },
        [&] { return result.untouched() && sums.untouched() && values.untouched(); });
}

/* Keys and values take at least an element each, so more of them than 64 bits hold must give 0. */
void kv_bytes_call(sf_stream* stream) {
    int heads = kHeads, head_size = kHeadSize, tokens = kCapacity, compute_type = SF_F32;
    spoil(heads);
    spoil(head_size);
    spoil(tokens);
    spoil(compute_type);
    if (random_int(0, 3) == 0) heads = random_int(1, INT32_MAX), tokens = random_int(1, INT32_MAX);
    const int64_t bytes = sf_kv_bytes(stream, heads, head_size, tokens, compute_type);
    const bool in_range = valid_heads(heads, head_size, 0, compute_type) && tokens >= 1;
    const __int128 least = static_cast<__int128>(2) * 2 * heads * head_size * tokens;
    const std::string what = "sf_kv_bytes of " + std::to_string(heads) + " heads of " + std::to_string(head_size) +
                             ", " + std::to_string(tokens) + " tokens: " + std::to_string(bytes);
    if (!in_range || least > INT64_MAX) {
        check(bytes == 0, what);
    } else {
        check(bytes % 64 == 0 && (bytes == 0 ? least > INT64_MAX >> 16 : bytes >= least), what);
    }
}

/* Segments of a cache of kLayers layers. */
struct Cache {
    int64_t layer_bytes;
    Array<unsigned char> memory;

    explicit Cache(sf_stream* stream)
        : layer_bytes(sf_kv_bytes(stream, kHeads, kHeadSize, kCapacity, SF_F32)),
          memory(static_cast<size_t>(kLayers * layer_bytes)) {}

    uint64_t address() const { return reinterpret_cast<uint64_t>(memory.data()); }
};

/* Spoils an address so that it can be seen. */
void spoil_address(uint64_t& kv) {
    if (chosen()) kv = random_int(0, 1) == 0 ? 0 : kv + static_cast<uint64_t>(random_int(1, 63));
}

bool valid_address(uint64_t kv, int64_t stride) { return kv != 0 && kv % 64 == 0 && stride % 64 == 0; }

bool layer_outside(const Cache& cache, int64_t stride, int layer) {
    return outside(static_cast<__int128>(stride) * layer, cache.layer_bytes, kLayers * cache.layer_bytes);
}

void append_call(sf_stream* stream) {
    const Cache cache(stream);
    constexpr int kAppends = 3, kTokens = kRows / kAppends;
    Table<sf_kv_append> append(kAppends);
    for (int a = 0; a < kAppends; a++) {
        sf_kv_append& one = append[static_cast<size_t>(a)];
        one = {cache.address(), cache.layer_bytes, a * kTokens, kTokens, a * kTokens, kCapacity};
        spoil_address(one.kv);
        spoil(one.layer_stride);
        spoil(one.row);
        spoil(one.tokens);
        spoil(one.position);
        spoil(one.capacity);
    }
    Table<int32_t> count(kRows, 1);
    if (chosen()) spoil(count[static_cast<size_t>(random_int(0, kRows - 1))]);
    Array<float> values(3 * kRows * kHiddenSize), added(3 * kHiddenSize), queries(kRows * kHiddenSize);
    fill(values);
    fill(added);
    int num_appends = kAppends, max_rows = kRows, heads = kHeads, head_size = kHeadSize, layer = random_int(0, 1);
    int compute_type = SF_F32;
    for (int* number : {&num_appends, &heads, &head_size, &layer, &compute_type}) spoil(*number);
    spoil_announced(max_rows);
    const sf_kv_append* appends = append.data();
    const float *qkv = values.data(), *bias = added.data();
    const int32_t* counts = count.data();
    float* q = queries.data();
    spoil(appends);
    spoil(qkv);
    spoil(bias);
    spoil(counts);
    spoil(q);
    Outcome expected = Outcome::kRefused;
    if (num_appends == 0 && max_rows >= 0 && valid_heads(heads, head_size, layer, compute_type)) {
        expected = Outcome::kFine;
    } else if (num_appends > 0 && max_rows >= 0 && valid_heads(heads, head_size, layer, compute_type) &&
               !unusable(appends, bias) && (max_rows == 0 || !unusable(qkv, counts, q)) && !misaligned(qkv) &&
               !misaligned(counts) && !misaligned(q)) {
        bool faults = false, lies = heads != kHeads || head_size != kHeadSize || compute_type != SF_F32, zero = false;
        int64_t total = 0;
        for (int a = 0; a < std::min(num_appends, static_cast<int>(kAppends)); a++) {
            const sf_kv_append& one = append[static_cast<size_t>(a)];
            if (one.row < 0 || one.tokens < 0 || one.position < 0 ||
                static_cast<int64_t>(one.position) + one.tokens > one.capacity ||
                !valid_address(one.kv, one.layer_stride)) {
                faults = true;
                continue;
            }
            total += one.tokens;
            if (one.tokens == 0) continue;
            const bool unseen = outside(one.row, one.tokens, kRows);
            lies = lies || unseen || one.position + one.tokens > kCapacity ||
                   layer_outside(cache, one.layer_stride, layer);
            for (int t = 0; !unseen && t < one.tokens; t++) {
                zero = zero || count[static_cast<size_t>(one.row + t)] < 1;
            }
        }
        expected = num_appends > kAppends ? Outcome::kLie : of_table(faults || total > max_rows, lies);
        if (expected == Outcome::kFine && zero) expected = Outcome::kRefused;
    }
    check_outcome(
        stream, expected, "sf_append_kv",
        [&] {
            return sf_append_kv(stream, appends, num_appends, max_rows, heads, head_size, layer, compute_type, qkv,
                                bias, counts, q);
        },
        [&] { return queries.untouched() && cache.memory.untouched(); });
}

void attention_call(sf_stream* stream) {
    Cache cache(stream);
    std::memset(cache.memory.data(), 0, cache.memory.size());
    constexpr int kBlocks = 2, kSegments = 3;
    Table<sf_kv_segment> segment(kSegments);
    for (sf_kv_segment& one : segment) {
        one = {cache.address(), cache.layer_bytes, random_int(1, kCapacity), 0};
        spoil_address(one.kv);
        spoil(one.layer_stride);
        spoil(one.tokens);
    }
    Table<sf_query_block> block(kBlocks);
    for (int b = 0; b < kBlocks; b++) {
        sf_query_block& one = block[static_cast<size_t>(b)];
        one = {3 * b, 3 * b, random_int(0, 3), random_int(0, 2), 0, 0};
        one.segment_end = random_int(one.segment_begin + 1, kSegments);
        spoil(one.q_row);
        spoil(one.out_row);
        spoil(one.rows);
        spoil(one.segment_begin);
        spoil(one.segment_end);
    }
    Array<float> queries(kRows * kHiddenSize), result(kRows * kHiddenSize);
    fill(queries);
    int num_blocks = kBlocks, block_rows = 3, max_rows = kRows, num_segments = kSegments, heads = kHeads;
    int head_size = kHeadSize, layer = random_int(0, 1), compute_type = SF_F32, type = SF_F32;
    for (int* number : {&num_blocks, &num_segments, &heads, &head_size, &layer, &compute_type, &type}) spoil(*number);
    spoil_announced(block_rows);
    spoil_announced(max_rows);
    const sf_query_block* blocks = block.data();
    const sf_kv_segment* segments = segment.data();
    const float* q = queries.data();
    float* out = result.data();
    spoil(blocks);
    spoil(segments);
    spoil(q);
    spoil(out);
    Outcome expected = Outcome::kRefused;
    const bool numbers = num_blocks >= 0 && block_rows >= 0 && max_rows >= 0 && num_segments >= 0 &&
                         valid_heads(heads, head_size, layer, compute_type) && contains(backend_types, type) &&
                         (stream->attention_types[compute_type] >> type & 1) != 0;
    if (numbers && num_blocks == 0) {
        expected = Outcome::kFine;
    } else if (numbers && !unusable(blocks, segments) && (max_rows == 0 || !unusable(q, out)) && !misaligned(q) &&
               !misaligned(out)) {
        bool faults = false, lies = heads != kHeads || head_size != kHeadSize || compute_type != SF_F32;
        bool early = false; /* what is found before segments are looked at */
        int64_t total = 0;
        for (int b = 0; b < std::min(num_blocks, static_cast<int>(kBlocks)); b++) {
            const sf_query_block& one = block[static_cast<size_t>(b)];
            if (one.q_row < 0 || one.out_row < 0 || one.rows < 0 || one.rows > block_rows || one.segment_begin < 0 ||
                one.segment_end <= one.segment_begin || one.segment_end > num_segments) {
                early = true;
                continue;
            }
            total += one.rows;
            lies = lies || one.segment_end > kSegments || outside(one.q_row, one.rows, kRows) ||
                   outside(one.out_row, one.rows, kRows);
            for (int s = one.segment_begin; s < std::min(one.segment_end, static_cast<int>(kSegments)); s++) {
                const sf_kv_segment& keys = segment[static_cast<size_t>(s)];
                if (keys.tokens < 1 || !valid_address(keys.kv, keys.layer_stride)) {
                    /* A device reads the segments that it attends to. */
                    faults = faults || !tables_on_device || one.rows > 0;
                } else {
                    lies = lies || keys.tokens > kCapacity || layer_outside(cache, keys.layer_stride, layer);
                }
            }
        }
        early = early || total > max_rows;
        expected = num_blocks > kBlocks ? Outcome::kLie : of_table(early, lies);
        if (expected == Outcome::kFine && faults) expected = Outcome::kRefused;
    }
    check_outcome(
        stream, expected, "sf_attention",
        [&] {
            return sf_attention(stream, blocks, num_blocks, block_rows, max_rows, segments, num_segments, heads,
                                head_size, layer, compute_type, q, type, out);
        },
        [&] { return result.untouched(); });
}

}  // namespace

void hostile_encoder(sf_stream* stream) {
    for (int round = 0; round < hostile_rounds(); round++) {
        layer_norm_call(stream);
        kv_bytes_call(stream);
        append_call(stream);
        attention_call(stream);
    }
}
