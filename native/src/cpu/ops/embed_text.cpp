/* Text tokens: a sum of embeddings, its layer norm, and the modality. */
#include "normalize.h"

namespace cpu::SF_ISA {

static void embed_text_token(int hidden, const float* word, const float* position, const float* type0,
                             const float* weight, const float* bias, float eps, const float* modality0, float* row) {
    for (int i = 0; i < hidden; i++) row[i] = word[i] + position[i] + type0[i];
    normalize_row(row, hidden, weight, bias, eps, row);
    for (int i = 0; i < hidden; i++) row[i] += modality0[i];
}

int embed_text(sf_stream* stream, int tokens, int hidden, const int32_t* ids, const int32_t* positions,
               const int32_t* token_rows, const float* word, int, const float* position, int, const float* type0,
               const float* weight, const float* bias, float eps, const float* modality0, float* x) {
    const size_t columns = static_cast<size_t>(hidden);
    const bool parallel = static_cast<int64_t>(tokens) * hidden > PARALLEL_ELEMENTS;
    parallel_for(cpu_stream(stream)->team, tokens, parallel, [&](int64_t t, int) {
        embed_text_token(hidden, word + static_cast<size_t>(ids[t]) * columns,
                         position + static_cast<size_t>(positions[t]) * columns, type0, weight, bias, eps, modality0,
                         x + static_cast<size_t>(token_rows[t]) * columns);
    });
    return SF_OK;
}

}  // namespace cpu::SF_ISA
