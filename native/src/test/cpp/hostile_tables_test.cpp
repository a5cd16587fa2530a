/* Hostile arguments and tables for the operations on patches and tokens. */
#include <limits>

#include "hostile.h"

namespace {

constexpr int kSide = 3;    /* of a grid, at most */
constexpr int kPatches = 9; /* entries of a grid's mask and indices */
constexpr int kScales = 2;
constexpr int kHidden = 5;

/* Grids, each with room for kPatches entries in mask and indices. */
struct Grids {
    Table<sf_grid> rows;
    Array<int32_t> indices;
    int patches = 0; /* selected in all */

    explicit Grids(int count) : rows(static_cast<size_t>(count)), indices(static_cast<size_t>(count * kPatches)) {
        for (int g = 0; g < count; g++) {
            sf_grid& grid = rows[static_cast<size_t>(g)];
            grid = {};
            grid.rows = random_int(1, kSide);
            grid.cols = random_int(1, kSide);
            grid.mask = g * kPatches;
            grid.scale = random_int(0, kScales - 1);
            grid.selected = random_int(0, grid.rows * grid.cols);
            grid.patch_row = patches;
            grid.token_row = g * (kPatches + 1);
            for (int i = 0; i < kPatches; i++) {
                indices[static_cast<size_t>(g * kPatches + i)] = i < grid.selected ? i : 0;
            }
            patches += grid.selected;
        }
    }

    void spoil_rows() {
        for (sf_grid& grid : rows) {
            spoil(grid.canvas);
            spoil(grid.mask);
            spoil(grid.rows);
            spoil(grid.cols);
            spoil(grid.scale);
            spoil(grid.selected);
            spoil(grid.patch_row);
            spoil(grid.token_row);
            spoil(grid.logit_bound);
            spoil(grid.max_selected);
        }
        if (chosen()) spoil(indices[static_cast<size_t>(random_int(0, static_cast<int>(indices.size()) - 1))]);
    }
};

bool sized(const sf_grid& grid) {
    return grid.rows >= 1 && grid.cols >= 1 && static_cast<int64_t>(grid.rows) * grid.cols <= INT32_MAX &&
           grid.mask >= 0;
}

bool valid(const sf_grid& grid) {
    return sized(grid) && grid.canvas >= 0 && grid.selected >= 0 &&
           grid.selected <= static_cast<int64_t>(grid.rows) * grid.cols && grid.patch_row >= 0 && grid.token_row >= 0 &&
           grid.scale >= 0;
}

/* Whether a grid's patch indices are all there, and then whether one of them is out of range. */
bool indices_outside(const sf_grid& grid, const Array<int32_t>& indices) {
    return outside(grid.mask, grid.selected, static_cast<__int128>(indices.size()));
}

bool index_at_fault(const sf_grid& grid, const Array<int32_t>& indices) {
    for (int i = 0; i < grid.selected; i++) {
        const int32_t index = indices[static_cast<size_t>(grid.mask + i)];
        if (index < 0 || index >= static_cast<int64_t>(grid.rows) * grid.cols) return true;
    }
    return false;
}

/*
 * Of a table of grids with their selected patches. Rows and their sum are looked at before indices; lies(grid) tells of
 * the other arrays.
 */
template <typename Lies>
Outcome of_grids(const Grids& grids, int count, int max_patches, const Lies& lies) {
    if (count > static_cast<int>(grids.rows.size())) return Outcome::kLie;
    bool faults = false, lie = false, index = false;
    int64_t total = 0;
    for (int g = 0; g < count; g++) {
        const sf_grid& grid = grids.rows[static_cast<size_t>(g)];
        if (!valid(grid)) {
            faults = true;
            continue;
        }
        total += grid.selected;
        const bool unseen = indices_outside(grid, grids.indices);
        lie = lie || unseen || lies(grid);
        index = index || (!unseen && index_at_fault(grid, grids.indices));
    }
    const Outcome table = of_table(faults || total > max_patches, lie);
    return table == Outcome::kFine && index ? Outcome::kRefused : table;
}

void compact(sf_stream* stream) {
    Grids grids(random_int(1, 3));
    const int count = static_cast<int>(grids.rows.size());
    Array<uint8_t> mask(grids.indices.size());
    Array<int32_t> indices(grids.indices.size()), counts(static_cast<size_t>(count));
    grids.spoil_rows();
    int num_grids = count;
    const sf_grid* table = grids.rows.data();
    const uint8_t* from = mask.data();
    int32_t *to = indices.data(), *number = counts.data();
    spoil(num_grids);
    spoil(table);
    spoil(from);
    spoil(to);
    spoil(number);
    Outcome expected = Outcome::kFine;
    if (num_grids < 0 || (num_grids > 0 && unusable(table, from, to, number))) {
        expected = Outcome::kRefused;
    } else if (num_grids > count) {
        expected = Outcome::kLie;
    } else {
        bool faults = false, lies = false;
        for (int g = 0; g < num_grids; g++) {
            const sf_grid& grid = grids.rows[static_cast<size_t>(g)];
            faults = faults || !sized(grid);
            lies = lies || (sized(grid) && outside(grid.mask, static_cast<int64_t>(grid.rows) * grid.cols,
                                                   static_cast<__int128>(mask.size())));
        }
        expected = of_table(faults, lies);
    }
    check_outcome(
        stream, expected, "sf_compact_patches",
        [&] { return sf_compact_patches(stream, table, num_grids, from, to, number); },
        [&] { return indices.untouched() && counts.untouched(); });
}

void gather(sf_stream* stream) {
    Grids grids(random_int(1, 3));
    int patch = random_int(1, 2), max_patches = grids.patches, type = one_of({SF_F32, SF_F16, SF_BF16});
    int num_grids = static_cast<int>(grids.rows.size());
    Array<float> canvas(static_cast<size_t>(3 * kPatches * patch * patch));
    Activations rows(type, static_cast<size_t>(grids.patches * 3 * patch * patch));
    const int allocated = patch, written = type;
    grids.spoil_rows();
    spoil(patch);
    spoil_announced(max_patches);
    spoil(type);
    spoil(num_grids);
    const sf_grid* table = grids.rows.data();
    const float* from = canvas.data();
    const int32_t* indices = grids.indices.data();
    char* to = static_cast<char*>(rows.data());
    spoil(table);
    spoil(from);
    spoil(indices);
    if (chosen()) to += one_of({1, 2, 4, 32});
    if (chosen()) to = nullptr;
    Outcome expected = Outcome::kRefused;
    const bool listed = max_patches <= 0 || (!unusable(from, indices) && to != nullptr);
    if (num_grids >= 0 && max_patches >= 0 && patch >= 1 && patch <= SF_MAX_PATCH && contains(backend_types, type)) {
        if (num_grids == 0) {
            expected = Outcome::kFine;
        } else if (!unusable(table) && listed && !misaligned(from) && !misaligned(indices) &&
                   reinterpret_cast<uintptr_t>(to) % 64 == 0) {
            expected = of_grids(grids, num_grids, max_patches, [&](const sf_grid& grid) {
                if (grid.selected == 0) return false;
                const __int128 pixels = static_cast<__int128>(3) * grid.rows * grid.cols * patch * patch;
                return indices == nullptr || outside(grid.canvas, pixels, static_cast<__int128>(canvas.size())) ||
                       patch > allocated || (type == SF_F32 && written != SF_F32) ||
                       outside(grid.patch_row, grid.selected, grids.patches);
            });
        }
    }
    check_outcome(
        stream, expected, "sf_gather_patches",
        [&] { return sf_gather_patches(stream, table, num_grids, max_patches, patch, from, indices, type, to); },
        [&] { return rows.untouched(); });
}

void embed_patches(sf_stream* stream) {
    Grids grids(random_int(1, 3));
    const int count = static_cast<int>(grids.rows.size()), stored = random_int(1, 3);
    const auto columns = static_cast<size_t>(kHidden);
    const int token_rows = count * (kPatches + 1);
    Array<float> patches(static_cast<size_t>(grids.patches) * columns), row(columns), scale(kScales * columns);
    Array<float> positions(static_cast<size_t>(stored * stored + 1) * columns);
    Array<float> x(static_cast<size_t>(token_rows) * columns);
    grids.spoil_rows();
    int num_grids = count, max_patches = grids.patches, hidden = kHidden, position_grid = stored;
    spoil(num_grids);
    spoil_announced(max_patches);
    spoil(hidden);
    spoil(position_grid);
    const sf_grid* table = grids.rows.data();
    const int32_t* indices = grids.indices.data();
    const float *from = patches.data(), *cls = row.data(), *position = positions.data(), *modality = row.data(),
                *scales = scale.data(), *constant = row.data();
    float* to = x.data();
    for (const float** array : {&from, &cls, &position, &modality, &scales, &constant}) spoil(*array);
    spoil(table);
    spoil(indices);
    spoil(to);
    Outcome expected = Outcome::kRefused;
    if (num_grids >= 0 && max_patches >= 0 && hidden >= 1 && position_grid >= 1) {
        if (num_grids == 0) {
            expected = Outcome::kFine;
        } else if (!unusable(table, indices, cls, position, modality, scales, constant, to) && !misaligned(from) &&
                   (from != nullptr || max_patches == 0)) {
            expected = of_grids(grids, num_grids, max_patches, [&](const sf_grid& grid) {
                const int64_t constants = grid.selected < static_cast<int64_t>(grid.rows) * grid.cols ? 1 : 0;
                return hidden > kHidden || position_grid > stored || grid.scale >= kScales ||
                       outside(grid.patch_row, grid.selected, grids.patches) ||
                       outside(grid.token_row, 1 + grid.selected + constants, token_rows);
            });
        }
    }
    check_outcome(
        stream, expected, "sf_embed_patches",
        [&] {
            return sf_embed_patches(stream, table, num_grids, max_patches, hidden, from, indices, cls, position,
                                    position_grid, modality, scales, constant, to);
        },
        [&] { return x.untouched(); });
}

void embed_text(sf_stream* stream) {
    constexpr int kTokens = 4, kVocabulary = 6, kPositions = 5;
    const auto columns = static_cast<size_t>(kHidden);
    Table<int32_t> id(kTokens), place(kTokens), row(kTokens);
    for (size_t t = 0; t < kTokens; t++) {
        id[t] = random_int(0, kVocabulary - 1);
        place[t] = random_int(0, kPositions - 1);
        row[t] = static_cast<int32_t>(t);
        spoil(id[t]);
        spoil(place[t]);
        spoil(row[t]);
    }
    Array<float> words(kVocabulary * columns), stored(kPositions * columns), one(columns), x(kTokens * columns);
    int tokens = kTokens, hidden = kHidden, vocab = kVocabulary, max_positions = kPositions;
    float eps = 1e-5f;
    spoil(tokens);
    spoil(hidden);
    spoil(vocab);
    spoil(max_positions);
    spoil(eps);
    const int32_t *ids = id.data(), *positions = place.data(), *rows = row.data();
    for (const int32_t** array : {&ids, &positions, &rows}) spoil(*array);
    const float *word = words.data(), *position = stored.data(), *type0 = one.data(), *weight = one.data(),
                *bias = one.data(), *modality = one.data();
    for (const float** array : {&word, &position, &type0, &weight, &bias, &modality}) spoil(*array);
    float* to = x.data();
    spoil(to);
    Outcome expected = Outcome::kRefused;
    if (tokens >= 0 && hidden >= 1 && hidden <= SF_MAX_HIDDEN) {
        if (tokens == 0) {
            expected = Outcome::kFine;
        } else if (!unusable(ids, positions, rows, word, position, type0, weight, bias, modality, to)) {
            bool faults = false, lies = false;
            for (size_t t = 0; t < static_cast<size_t>(std::min(tokens, kTokens)); t++) {
                if (id[t] < 0 || id[t] >= vocab || place[t] < 0 || place[t] >= max_positions || row[t] < 0) {
                    faults = true;
                } else {
                    lies = lies || id[t] >= kVocabulary || place[t] >= kPositions || row[t] >= kTokens;
                }
            }
            expected = tokens > kTokens || hidden > kHidden ? Outcome::kLie : of_table(faults, lies);
        }
    }
    check_outcome(
        stream, expected, "sf_embed_text",
        [&] {
            return sf_embed_text(stream, tokens, hidden, ids, positions, rows, word, vocab, position, max_positions,
                                 type0, weight, bias, eps, modality, to);
        },
        [&] { return x.untouched(); });
}

/* Row by row, and a row's indices with it. */
Outcome of_selection(const Grids& parents, const Table<sf_grid>& children, int count, bool logits, size_t entries) {
    if (count > static_cast<int>(children.size())) return Outcome::kLie;
    bool faults = false;
    for (int r = 0; r < count; r++) {
        const sf_grid &parent = parents.rows[static_cast<size_t>(r)], &child = children[static_cast<size_t>(r)];
        if (!valid(parent) || !sized(child) || child.rows != int64_t{2} * parent.rows ||
            child.cols != int64_t{2} * parent.cols || child.max_selected < SF_GIVEN ||
            (!logits && parent.selected > 0)) {
            faults = true;
        } else if (child.max_selected != SF_GIVEN) {
            if (indices_outside(parent, parents.indices) ||
                outside(child.mask, static_cast<int64_t>(child.rows) * child.cols, static_cast<__int128>(entries)) ||
                outside(parent.patch_row, parent.selected, parents.patches)) {
                return Outcome::kLie;
            }
            faults = faults || index_at_fault(parent, parents.indices);
        }
    }
    return of_table(faults, false);
}

void select(sf_stream* stream) {
    Grids grids(random_int(1, 3));
    const int count = static_cast<int>(grids.rows.size());
    Table<sf_grid> child(static_cast<size_t>(count));
    for (size_t r = 0; r < child.size(); r++) {
        child[r] = {};
        child[r].rows = 2 * grids.rows[r].rows;
        child[r].cols = 2 * grids.rows[r].cols;
        child[r].mask = static_cast<int64_t>(r) * 4 * kPatches;
        child[r].max_selected = random_int(SF_GIVEN, 4);
        spoil(child[r].rows);
        spoil(child[r].cols);
        spoil(child[r].mask);
        spoil(child[r].max_selected);
        spoil(child[r].logit_bound);
    }
    Array<float> four(static_cast<size_t>(4 * grids.patches));
    fill(four);
    for (size_t i = 0; i < four.size(); i++) spoil(four[i]);
    Array<uint8_t> mask(static_cast<size_t>(count * 4 * kPatches));
    grids.spoil_rows();
    int requests = count;
    const sf_grid *parents = grids.rows.data(), *children = child.data();
    const float* logits = four.data();
    const int32_t* indices = grids.indices.data();
    uint8_t* to = mask.data();
    spoil(requests);
    spoil(parents);
    spoil(children);
    spoil(logits);
    spoil(indices);
    spoil(to);
    Outcome expected = Outcome::kRefused;
    if (requests == 0) {
        expected = Outcome::kFine;
    } else if (requests > 0 && !unusable(parents, children, indices, to) && !misaligned(logits)) {
        expected = of_selection(grids, child, requests, logits != nullptr, mask.size());
    }
    check_outcome(
        stream, expected, "sf_select_patches",
        [&] { return sf_select_patches(stream, parents, children, requests, logits, indices, to); },
        [&] { return mask.untouched(); });
}

}  // namespace

void hostile_patches(sf_stream* stream) {
    for (int round = 0; round < hostile_rounds(); round++) {
        compact(stream);
        gather(stream);
        select(stream);
    }
}

void hostile_tokens(sf_stream* stream) {
    for (int round = 0; round < hostile_rounds(); round++) {
        embed_text(stream);
        embed_patches(stream);
    }
}
