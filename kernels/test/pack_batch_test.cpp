/* Batches that the device packs, against plain loops; and the switch that follows. */
#include <climits>

#include "check.h"
#include "scanformer_cuda.h"

namespace {

constexpr int kBlockRows = 4;
constexpr int kMostRows = 96;

/* Segments of random requests: a text before each grid, of which any number of patches is selected. */
struct Batch {
    std::vector<sf_grid> grids;
    std::vector<sf_kv_segment> segments;
    std::vector<sf_batch_segment> parts; /* grid: its number */
    std::vector<int32_t> selected;
};

Batch random_batch(int requests) {
    Batch batch;
    for (int r = 0; r < requests; r++) {
        const auto first = static_cast<int32_t>(batch.segments.size());
        batch.segments.push_back({64u * static_cast<uint64_t>(first + 1), 640, random_int(1, 9), 0});
        sf_grid grid = {};
        grid.rows = random_int(1, 3);
        grid.cols = random_int(1, 4);
        const int patches = grid.rows * grid.cols;
        const auto own = static_cast<int32_t>(batch.segments.size());
        batch.segments.push_back({64u * static_cast<uint64_t>(own + 1), 640, 1, 0});
        batch.parts.push_back({batch.grids.size(), first, own, random_int(0, 50), patches + 1});
        batch.grids.push_back(grid);
        batch.selected.push_back(random_int(0, patches));
    }
    return batch;
}

/* What the device reads and writes. */
struct Packed {
    explicit Packed(const Batch& batch)
        : num(static_cast<int>(batch.parts.size())),
          parts(batch.parts.size()),
          selected(batch.parts.size()),
          segments(batch.segments.size()),
          grids(batch.grids.size()),
          appends(batch.parts.size()),
          blocks(kMostRows / kBlockRows + batch.parts.size()),
          counts(kMostRows),
          token_rows(kMostRows),
          patch_rows(kMostRows),
          reg_blocks(batch.parts.size()),
          reg_rows(batch.parts.size()) {
        std::copy(batch.grids.begin(), batch.grids.end(), grids.data());
        std::copy(batch.segments.begin(), batch.segments.end(), segments.data());
        std::copy(batch.selected.begin(), batch.selected.end(), selected.data());
        for (size_t i = 0; i < batch.parts.size(); i++) {
            parts[i] = batch.parts[i];
            parts[i].grid = reinterpret_cast<uint64_t>(&grids[parts[i].grid]);
        }
    }

    int pack(sf_stream* stream, const std::vector<int32_t>& sizes, bool counted, int regs, uint64_t condition = 0,
             int block_rows = kBlockRows) {
        return sf_pack_batch(stream, parts.data(), num, counted ? selected.data() : nullptr, segments.data(),
                             static_cast<int>(segments.size()), sizes.data(), static_cast<int>(sizes.size() / 2),
                             condition, appends.data(), blocks.data(), block_rows, counts.data(), token_rows.data(),
                             patch_rows.data(), reg_blocks.data(), reg_rows.data(), regs);
    }

    int num;
    Array<sf_batch_segment> parts;
    Array<int32_t> selected;
    Array<sf_kv_segment> segments;
    Array<sf_grid> grids;
    Array<sf_kv_append> appends;
    Array<sf_query_block> blocks;
    Array<int32_t> counts, token_rows, patch_rows;
    Array<sf_query_block> reg_blocks;
    Array<int32_t> reg_rows;
};

const std::vector<int32_t> kSizes = {16, 16, 32, 16, 32, 32, 64, 32, 64, 64, kMostRows, kMostRows};

/* The place among kSizes of the first that holds so many; their number if none does. */
int expected_size(int rows, int patches) {
    int size = 0;
    const auto count = static_cast<int>(kSizes.size() / 2);
    while (size < count &&
           (kSizes[static_cast<size_t>(2 * size)] < rows || kSizes[static_cast<size_t>(2 * size + 1)] < patches)) {
        size++;
    }
    return size;
}

bool same(const sf_query_block& a, const sf_query_block& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

/* Every entry of a packed batch, also those that rounding adds and those past them, which stay as they are. */
void check_packed(const Batch& batch, Packed& packed, bool counted, int regs) {
    int row = 0, patch = 0;
    size_t block = 0;
    for (size_t i = 0; i < batch.parts.size(); i++) {
        const sf_batch_segment& part = batch.parts[i];
        const sf_kv_segment& segment = batch.segments[static_cast<size_t>(part.segment)];
        const std::string what = "segment " + std::to_string(i);
        const sf_grid& grid = batch.grids[part.grid];
        const int patches = counted ? batch.selected[i] : grid.selected;
        const int discarded = grid.rows * grid.cols - patches;
        const int tokens = 1 + patches + (discarded > 0 ? 1 : 0);
        const sf_grid& found = packed.grids[part.grid];
        check_equal(found.selected, patches, what + "'s selected patches");
        check_equal(found.patch_row, counted ? patch : grid.patch_row, what + "'s patch row");
        check_equal(found.token_row, counted ? row : grid.token_row, what + "'s token row");
        const int lies = part.row + found.token_row;
        check_equal(packed.segments[static_cast<size_t>(part.segment)].tokens, tokens, what + "'s tokens");
        const sf_kv_append expected = {segment.kv, segment.layer_stride, row, tokens, 0, part.capacity};
        check(std::memcmp(&packed.appends[i], &expected, sizeof expected) == 0, what + "'s append");
        for (int t = 0; t < tokens; t++) {
            const auto at = static_cast<size_t>(row + t);
            check_equal(packed.counts[at], t == tokens - 1 && discarded > 0 ? discarded : 1, what + "'s counts");
            check_equal(packed.token_rows[at], lies + t, what + "'s rows");
        }
        for (int p = 0; p < patches; p++) {
            check_equal(packed.patch_rows[static_cast<size_t>(patch + p)], row + 1 + p, what + "'s patches");
        }
        for (int first = 0; first < tokens; first += kBlockRows) {
            const sf_query_block query = {row + first,        row + first,      std::min(kBlockRows, tokens - first),
                                          part.segment_begin, part.segment + 1, 0};
            check(same(packed.blocks[block++], query), what + "'s query blocks");
        }
        const int reg = static_cast<int>(i) - (packed.num - regs);
        if (reg >= 0) {
            const sf_query_block query = {row, reg, 1, part.segment_begin, part.segment + 1, 0};
            check(same(packed.reg_blocks[static_cast<size_t>(reg)], query), what + "'s [REG]");
            check_equal(packed.reg_rows[static_cast<size_t>(reg)], row, what + "'s [REG] row");
        }
        row += tokens;
        patch += patches;
    }
    const auto size = static_cast<size_t>(expected_size(row, patch));
    const auto rows = static_cast<size_t>(kSizes[2 * size]), most = static_cast<size_t>(kSizes[2 * size + 1]);
    const size_t end = rows / kBlockRows + batch.parts.size();
    for (; block < end; block++) check(same(packed.blocks[block], {0, 0, 0, 0, 1, 0}), "a block without queries");
    for (auto t = static_cast<size_t>(row); t < kMostRows; t++) {
        check_equal(packed.token_rows[t], t < rows ? 0 : -1, "rows that rounding adds");
        check_equal(packed.counts[t], -1, "counts past the last token");
    }
    for (auto p = static_cast<size_t>(patch); p < kMostRows; p++) {
        check_equal(packed.patch_rows[p], p < most ? 0 : -1, "patches that rounding adds");
    }
    if (end < packed.blocks.size()) check_equal(packed.blocks[end].rows, -1, "a block past those of the size");
}

/* First as a scale, whose patches were counted, then as a part of all, of which all is known. */
void test_batches(sf_stream* stream) {
    for (int round = 0; round < fewer(20); round++) {
        const int requests = random_int(1, 4);
        Batch batch = random_batch(requests);
        {
            Packed packed(batch);
            check_ok(stream, packed.pack(stream, kSizes, true, requests), "sf_pack_batch");
            check_packed(batch, packed, true, requests);
            std::copy(packed.grids.data(), packed.grids.data() + batch.grids.size(), batch.grids.begin());
            std::copy(packed.segments.data(), packed.segments.data() + batch.segments.size(), batch.segments.begin());
        }
        Packed again(batch);
        const int regs = round % 2 * requests;
        check_ok(stream, again.pack(stream, kSizes, false, regs), "sf_pack_batch of known tokens");
        check_packed(batch, again, false, regs);
    }
}

/* What a graph chooses by a batch that is packed in it. */
class Choice {
  public:
    Choice() : numbers_(kBodies), between_(1), chosen_(1), behind_(1), bodies_(kBodies) {
        for (size_t i = 0; i < kBodies; i++) numbers_[i] = static_cast<float>(i);
    }
    Choice(const Choice&) = delete;
    Choice& operator=(const Choice&) = delete;
    ~Choice() {
        for (sf_graph* body : bodies_) sf_graph_destroy(body);
    }

    /* Body i writes i, by two kernels, so that one follows the other, behind what is no kernel. */
    void record_bodies(sf_stream* stream) {
        for (size_t i = 0; i < kBodies; i++) {
            check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
            check_equal(sf_clear(stream, between_.data(), sizeof(float)), static_cast<int>(SF_OK), "sf_clear");
            copy(stream, numbers_, i, between_);
            copy(stream, between_, 0, chosen_);
            check_equal(sf_graph_end_body(stream, &bodies_[i]), static_cast<int>(SF_OK), "sf_graph_end_body");
        }
    }

    /* The packing, the switch, and a kernel behind it. */
    void record(sf_stream* stream, Packed& packed) {
        uint64_t condition = 0;
        check_equal(sf_graph_condition(stream, &condition), static_cast<int>(SF_OK), "sf_graph_condition");
        check_equal(packed.pack(stream, kSizes, true, 1, condition), static_cast<int>(SF_OK), "sf_pack_batch");
        check_equal(sf_graph_switch(stream, condition, bodies_.data(), static_cast<int>(kBodies)),
                    static_cast<int>(SF_OK), "sf_graph_switch");
    }
    void record_behind(sf_stream* stream) { copy(stream, chosen_, 0, behind_); }

    void poison() {
        chosen_.poison();
        behind_.poison();
    }

    /* -1 for none. */
    void check_chosen(int expected, const std::string& what) {
        const bool none = expected < 0;
        check(none ? chosen_.untouched() : chosen_[0] == static_cast<float>(expected),
              "the body that runs: " + what + ", expected " + std::to_string(expected));
        check(chosen_.same_bytes(behind_), "what is behind the switch: " + what);
    }

    static constexpr size_t kBodies = 6;

  private:
    static void copy(sf_stream* stream, const Array<float>& from, size_t at, Array<float>& to) {
        check_equal(sf_convert(stream, 1, &from[at], SF_F32, to.data()), static_cast<int>(SF_OK), "sf_convert");
    }

    Array<float> numbers_, between_, chosen_, behind_;
    std::vector<sf_graph*> bodies_;
};

/* One request, of whose 200 patches any number may be selected. */
Batch large_batch() {
    Batch batch = random_batch(1);
    batch.grids[0].rows = 10;
    batch.grids[0].cols = 20;
    batch.parts[0].capacity = 201;
    return batch;
}

/* As in a call: what is behind the first switch is packed, chooses in its turn, and kernels are behind that one. */
void test_choices(sf_stream* stream) {
    const Batch batch = large_batch();
    Packed first(batch), second(batch);
    Choice of_first, of_second;
    of_first.record_bodies(stream);
    of_second.record_bodies(stream);
    sf_graph* graph = nullptr;
    check_equal(sf_graph_begin(stream), static_cast<int>(SF_OK), "sf_graph_begin");
    of_first.record(stream, first);
    of_second.record(stream, second);
    of_first.record_behind(stream);
    of_second.record_behind(stream);
    check_equal(sf_graph_end(stream, &graph), static_cast<int>(SF_OK), "sf_graph_end");
    /* Each is chosen whatever was before; where one finds a fault, it and what follows have no body. */
    const int counts[] = {0, 14, 15, 16, 17, 30, 31, -1, 62, 63, 94, 95, 200, 16, 0};
    const size_t num_counts = sizeof counts / sizeof counts[0];
    for (size_t i = 0; i < num_counts; i++) {
        first.selected[0] = counts[i];
        second.selected[0] = counts[num_counts - 1 - i];
        const std::string what = std::to_string(first.selected[0]) + ", " + std::to_string(second.selected[0]);
        of_first.poison();
        of_second.poison();
        second.appends.poison();
        const auto size_of = [](int selected) {
            const int size = selected < 0 ? static_cast<int>(Choice::kBodies) : expected_size(selected + 2, selected);
            return size < static_cast<int>(Choice::kBodies) ? size : -1;
        };
        const int size_of_first = size_of(first.selected[0]);
        const int size_of_second = size_of_first < 0 ? -1 : size_of(second.selected[0]);
        const int status = sf_graph_launch(stream, graph);
        check_equal(status, static_cast<int>(SF_OK), "sf_graph_launch");
        if (size_of_second >= 0) {
            check_ok(stream, status, what);
        } else {
            check_refused(stream, sf_synchronize(stream), SF_INVALID_ARGUMENT, "sf_pack_batch", what.c_str());
        }
        of_first.check_chosen(size_of_first, "of the first, " + what);
        of_second.check_chosen(size_of_second, "of the second, " + what);
        check_equal(second.appends.untouched(), size_of_second < 0, "whether the second is packed: " + what);
    }
    sf_graph_destroy(graph);
}

void test_faults(sf_stream* stream) {
    const auto refused = [&](const Batch& batch, const std::string& message,
                             const std::vector<int32_t>& sizes = kSizes) {
        Packed packed(batch);
        check_equal(packed.pack(stream, sizes, true, 1), static_cast<int>(SF_OK), "the call before " + message);
        check_refused(stream, sf_synchronize(stream), SF_INVALID_ARGUMENT, "sf_pack_batch", message.c_str());
        check(std::string(sf_error(stream)) == "sf_pack_batch: " + message, sf_error(stream));
        check(packed.appends.untouched() && packed.counts.untouched() && packed.blocks.untouched(),
              "a batch at fault writes nothing: " + message);
    };
    Batch batch;
    sf_grid grid = {};
    grid.rows = grid.cols = 10;
    batch.grids = {grid, grid};
    batch.segments = {{64, 64, 1, 0}, {64, 64, 1, 0}};
    batch.parts = {{0, 0, 0, 0, 101}, {1, 1, 1, 0, 101}};
    batch.selected = {1, 101};
    refused(batch, "grid 1 has 101 selected patches, expected 0 to 100");
    batch.selected = {1, -1};
    refused(batch, "grid 1 has -1 selected patches, expected 0 to 100");
    batch.selected = {40, 60};
    refused(batch, "the 2 rows of the table hold 104 in all, expected at most the 96 that were announced");
    batch.selected = {30, 10};
    refused(batch, "the 2 rows of the table hold 40 in all, expected at most the 39 that were announced", {44, 39});
    batch.selected = {1, 1};
    batch.parts[1].capacity = 2;
    refused(batch, "append 1 ends at token 3 or has a negative number, expected at most the capacity 2");
    batch.parts[1] = {1, 1, 2, 0, 101};
    refused(batch, "query block 1 has segments up to 3 or none, expected at least one, of 2");
    batch.parts[1] = {1, -1, 1, 0, 101};
    refused(batch, "query block 1 has segments up to 2 or none, expected at least one, of 2");
    batch.parts[1] = {1, 1, 1, 0, 101};
    batch.grids[1].rows = 0;
    refused(batch, "grid 1 has 0 patches, expected 1 to 2147483647");

    Packed packed(batch);
    const auto call = [&](const std::vector<int32_t>& sizes, int regs, const char* what) {
        check_refused(stream, packed.pack(stream, sizes, true, regs), SF_INVALID_ARGUMENT, "sf_pack_batch", what);
    };
    call({}, 1, "no sizes");
    call(std::vector<int32_t>(2 * (SF_MAX_LAUNCH_SIZES + 1), 16), 1, "too many sizes");
    call(kSizes, 3, "more regs than segments");
    for (const int rows : {0, (1 << 16) + 1, INT_MAX}) {
        check_refused(stream, packed.pack(stream, kSizes, true, 1, 0, rows), SF_INVALID_ARGUMENT, "sf_pack_batch",
                      "query blocks of " + std::to_string(rows) + " rows");
    }
}

}  // namespace

void test_pack_batch(sf_stream* stream) {
    test_batches(stream);
    test_faults(stream);
}

void test_conditions(sf_stream* stream) {
    if (sf_graph_can_switch(stream) == 1) {
        test_choices(stream);
    } else {
        check_equal(sf_graph_can_switch(stream), 0, "sf_graph_can_switch");
        std::printf("skipped: graphs of this device do not choose between bodies\n");
    }
}
