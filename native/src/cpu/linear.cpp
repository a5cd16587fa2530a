/* The C API of linear layers: it checks what it is given, and chooses how a layer multiplies. */
#include "linear.h"

#include <climits>
#include <dnnl.hpp>

#include "../shared/arguments.h"
#include "isa_table.h"
#include "panel_matmul.h"
#include "processor.h"

namespace {

/* Runs an operation's body and turns its exceptions to a status. */
template <typename Body>
int guarded(CpuStream* stream, const char* operation, Body body) {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return fail(stream, SF_OUT_OF_MEMORY, "%s: out of host memory", operation);
    } catch (const dnnl::error& e) {
        const int status = e.status == dnnl_out_of_memory   ? SF_OUT_OF_MEMORY
                           : e.status == dnnl_unimplemented ? SF_UNSUPPORTED
                                                            : SF_DEVICE_ERROR;
        return fail(stream, status, "%s: oneDNN: %s", operation, e.what());
    } catch (const std::exception& e) {
        return fail(stream, SF_DEVICE_ERROR, "%s: %s", operation, e.what());
    }
}

}  // namespace

int sf_linear_create(sf_stream* stream, int out, int in, const float* weight, const float* bias, int type,
                     sf_linear** linear) {
    const char* operation = "sf_linear_create";
    if (linear != nullptr) *linear = nullptr;
    int status = check_backend(stream, operation, sf_cpu_backend());
    if (status != SF_OK) return status;
    if (linear == nullptr) return fail(stream, SF_INVALID_ARGUMENT, "%s: linear is NULL", operation);
    if (out < 1 || in < 1 || weight == nullptr) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: expected a weight of positive size, found [%d, %d]%s", operation,
                    out, in, weight == nullptr ? ", NULL" : "");
    }
    status = check_alignment(stream, operation, weight, bias);
    if (status == SF_OK) status = check_type(stream, operation, type);
    if (status != SF_OK) return status;
    /* Rounded up to a panel, outputs are still an int, and bytes an int64_t. */
    if (out > INT_MAX - PANEL || (static_cast<int64_t>(out) + PANEL) * in > INT64_MAX / 8) {
        return fail(stream, SF_OUT_OF_MEMORY, "%s: a weight [%d, %d] is more than memory holds", operation, out, in);
    }
    if (type == SF_BF16 && !processor_has_bf16()) {
        return fail(stream, SF_UNSUPPORTED, "%s: bf16 needs a CPU with AVX512-BF16", operation);
    }
    CpuStream* own = cpu_stream(stream);
    return guarded(own, operation, [&] {
        /* Measured: ours is the faster one in fp32 with AVX-512, most of all for few rows. */
        const bool panels = type == SF_F32 && own->isa->panel_matmul != nullptr;
        *linear = (panels ? panel_linear(own, out, in, weight, bias) : onednn_linear(own, out, in, weight, bias, type))
                      .release();
        return static_cast<int>(SF_OK);
    });
}

void sf_linear_destroy(sf_linear* linear) { delete linear; }

int64_t sf_linear_bytes(const sf_linear* linear) { return linear == nullptr ? 0 : linear->bytes(); }

int sf_linear_rows(int rows) {
    /* A bucket of more rows than an int holds is none. */
    if (rows <= 0 || rows > INT_MAX - 63) return 0;
    if (rows == 1) return 1;
    const int step = rows <= 64 ? 2 : rows <= 128 ? 4 : rows <= 256 ? 8 : rows <= 512 ? 16 : rows <= 1024 ? 32 : 64;
    return (rows - 1) / step * step + step;
}

int sf_linear_apply(sf_stream* stream, sf_linear* linear, int rows, const void* x, int activation, int y_type,
                    void* y) {
    const char* operation = "sf_linear_apply";
    int status = check_backend(stream, operation, sf_cpu_backend());
    if (status != SF_OK) return status;
    if (linear == nullptr || (rows != 0 && sf_linear_rows(rows) == 0) || activation < SF_IDENTITY ||
        activation > SF_SIGMOID) {
        return fail(stream, SF_INVALID_ARGUMENT,
                    "%s: expected a linear layer, rows 0 to %d and activation 0 to 3, found %s, %d and %d", operation,
                    INT_MAX - 63, linear == nullptr ? "NULL" : "one", rows, activation);
    }
    status = check_type(stream, operation, y_type);
    if (status != SF_OK) return status;
    if (rows == 0) return SF_OK;
    if (x == nullptr || y == nullptr || !aligned(x) || !aligned(y)) {
        return fail(stream, SF_INVALID_ARGUMENT, "%s: x and y must be aligned to 64 bytes", operation);
    }
    CpuStream* own = cpu_stream(stream);
    return guarded(own, operation, [&] {
        linear->apply(own, rows, x, activation, y_type, y);
        return static_cast<int>(SF_OK);
    });
}
