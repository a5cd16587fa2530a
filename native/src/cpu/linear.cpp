/* The C API of linear layers: they check what they are given, and choose how a layer multiplies. */
#include "linear.h"

namespace {

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

}  // namespace

int sf_linear_create(sf_stream* stream, int out, int in, const float* weight, const float* bias, int type,
                     sf_linear** linear) {
    return guarded(stream, "sf_linear_create", [&] {
        if (linear == nullptr) return fail(stream, SF_INVALID_ARGUMENT, "sf_linear_create: linear is NULL");
        *linear = nullptr;
        if (out < 1 || in < 1 || weight == nullptr) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "sf_linear_create: expected a weight of positive size, found [" + std::to_string(out) + ", " +
                            std::to_string(in) + "]" + (weight == nullptr ? ", NULL" : ""));
        }
        if (type != SF_F32 && type != SF_BF16) {
            return fail(stream, SF_UNSUPPORTED, "sf_linear_create: the CPU has products in fp32 and bf16");
        }
        if (type == SF_BF16 && !cpu_has_bf16()) {
            return fail(stream, SF_UNSUPPORTED, "sf_linear_create: bf16 needs a CPU with AVX512-BF16");
        }
        /* Measured: ours is the faster one in fp32 with AVX-512, most of all for few rows. */
        const bool own = type == SF_F32 && stream->kernels->product != nullptr;
        *linear =
            (own ? panel_linear(stream, out, in, weight, bias) : onednn_linear(stream, out, in, weight, bias, type))
                .release();
        return static_cast<int>(SF_OK);
    });
}

void sf_linear_destroy(sf_linear* linear) { delete linear; }

int64_t sf_linear_bytes(const sf_linear* linear) { return linear == nullptr ? 0 : linear->bytes(); }

int sf_linear_rows(int rows) {
    if (rows <= 0) return 0;
    if (rows == 1) return 1;
    const int step = rows <= 64 ? 2 : rows <= 128 ? 4 : rows <= 256 ? 8 : rows <= 512 ? 16 : rows <= 1024 ? 32 : 64;
    return (rows - 1) / step * step + step;
}

int sf_linear_apply(sf_stream* stream, sf_linear* linear, int rows, const void* x, int activation, int y_type,
                    void* y) {
    return guarded(stream, "sf_linear_apply", [&] {
        if (linear == nullptr || rows < 0 || activation < SF_IDENTITY || activation > SF_SIGMOID ||
            (y_type != SF_F32 && y_type != SF_BF16)) {
            return fail(stream, SF_INVALID_ARGUMENT,
                        "sf_linear_apply: invalid linear, rows " + std::to_string(rows) + ", activation " +
                            std::to_string(activation) + " or output type " + std::to_string(y_type));
        }
        if (rows == 0) return static_cast<int>(SF_OK);
        if (x == nullptr || y == nullptr || !aligned(x) || !aligned(y)) {
            return fail(stream, SF_INVALID_ARGUMENT, "sf_linear_apply: x and y must be aligned to 64 bytes");
        }
        linear->apply(stream, rows, x, activation, y_type, y);
        return static_cast<int>(SF_OK);
    });
}
