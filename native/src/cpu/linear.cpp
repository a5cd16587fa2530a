/*
 * Linear layers: oneDNN's matrix product with the weight in the blocked layout that oneDNN prefers, laid out once. A
 * product is compiled per row bucket, activation and output type, with bias and activation fused into it.
 */
#include <omp.h>

#include <mutex>

#include "scanformer_linear.h"
#include "stream.h"

namespace {

using dnnl::memory;

/* Rows that the weight's layout is chosen for; the product of every other row count then uses that layout. */
constexpr int kLayoutRows = 128;

memory::data_type data_type(int type) { return type == SF_BF16 ? memory::data_type::bf16 : memory::data_type::f32; }

bool aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 64 == 0; }

/* A compiled product and the shapes it reads and writes. */
struct Product {
    int rows;
    int activation;
    int y_type;
    memory::desc x;
    memory::desc y;
    memory::desc scratchpad;
    dnnl::matmul primitive;
};

/* Those of this product on this stream, made when they are asked for first. */
ProductArguments& arguments(sf_stream* stream, const Product& product) {
    ProductArguments& kept = stream->products[&product];
    /* A layer that was freed may have left its products' addresses to others. */
    if (!kept.x || kept.x.get_desc() != product.x || kept.y.get_desc() != product.y ||
        kept.scratchpad.get_desc() != product.scratchpad) {
        kept.x = memory(product.x, stream->engine, nullptr);
        kept.y = memory(product.y, stream->engine, nullptr);
        kept.scratchpad = memory(product.scratchpad, stream->engine, nullptr);
    }
    return kept;
}

dnnl::primitive_attr attributes(int activation) {
    dnnl::post_ops after;
    if (activation == SF_RELU) after.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
    if (activation == SF_GELU) after.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0, 0);
    if (activation == SF_SIGMOID) after.append_eltwise(dnnl::algorithm::eltwise_logistic, 0, 0);
    dnnl::primitive_attr attr;
    attr.set_post_ops(after);
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

}  // namespace

struct sf_linear {
    int out;
    int in;
    int type;
    dnnl::engine engine;
    memory weight; /* over weight_bytes of system memory */
    int64_t weight_bytes = 0;
    memory bias; /* empty when there is none */
    std::mutex mutex;
    std::vector<std::unique_ptr<Product>> products;

    ~sf_linear() {
        if (weight) system_free(weight.get_data_handle(), weight_bytes);
    }

    dnnl::matmul::primitive_desc describe(int rows, const memory::desc& weight_desc, int activation, int y_type) const {
        const memory::desc x({rows, in}, data_type(type), memory::format_tag::ab);
        const memory::desc y({rows, out}, data_type(y_type), memory::format_tag::ab);
        if (!bias) return {engine, x, weight_desc, y, attributes(activation)};
        return {engine, x, weight_desc, bias.get_desc(), y, attributes(activation)};
    }

    /* The product for a bucket; compiled when it is asked for first. */
    const Product& product(int rows, int activation, int y_type) {
        const std::lock_guard<std::mutex> lock(mutex);
        for (const auto& p : products) {
            if (p->rows == rows && p->activation == activation && p->y_type == y_type) return *p;
        }
        const auto desc = describe(rows, weight.get_desc(), activation, y_type);
        products.push_back(std::make_unique<Product>(Product{rows, activation, y_type, desc.src_desc(), desc.dst_desc(),
                                                             desc.scratchpad_desc(), dnnl::matmul(desc)}));
        return *products.back();
    }
};

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
        omp_set_num_threads(stream->threads);
        auto created = std::make_unique<sf_linear>();
        created->out = out;
        created->in = in;
        created->type = type;
        created->engine = stream->engine;
        if (bias != nullptr) {
            created->bias = memory({{1, out}, memory::data_type::f32, memory::format_tag::ab}, stream->engine);
            std::copy(bias, bias + out, static_cast<float*>(created->bias.get_data_handle()));
        }
        const memory::desc any({in, out}, data_type(type), memory::format_tag::any);
        const memory::desc preferred = created->describe(kLayoutRows, any, SF_IDENTITY, SF_F32).weights_desc();
        created->weight_bytes = static_cast<int64_t>(preferred.get_size());
        void* place = system_allocate(created->weight_bytes);
        if (place == nullptr) throw std::bad_alloc();
        created->weight = memory(preferred, stream->engine, place);
        /* [out, in] row-major is [in, out] column-major. */
        memory given({{in, out}, memory::data_type::f32, memory::format_tag::ba}, stream->engine,
                     const_cast<float*>(weight));
        dnnl::reorder(given, created->weight).execute(stream->stream, given, created->weight);
        stream->stream.wait();
        *linear = created.release();
        return static_cast<int>(SF_OK);
    });
}

void sf_linear_destroy(sf_linear* linear) { delete linear; }

int64_t sf_linear_bytes(const sf_linear* linear) {
    if (linear == nullptr) return 0;
    const size_t bias = linear->bias ? linear->bias.get_desc().get_size() : 0;
    return static_cast<int64_t>(linear->weight.get_desc().get_size() + bias);
}

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
        omp_set_num_threads(stream->threads);
        const Product& product = linear->product(sf_linear_rows(rows), activation, y_type);
        ProductArguments& arrays = arguments(stream, product);
        arrays.x.set_data_handle(const_cast<void*>(x));
        arrays.y.set_data_handle(y);
        arrays.scratchpad.set_data_handle(
            stream->dnnl_scratchpad.reserve(std::max<size_t>(64, product.scratchpad.get_size())));
        /* The C call takes its arguments as they are; the C++ one builds a map first. */
        dnnl_exec_arg_t args[5] = {{DNNL_ARG_SRC, arrays.x.get()},
                                   {DNNL_ARG_WEIGHTS, linear->weight.get()},
                                   {DNNL_ARG_DST, arrays.y.get()},
                                   {DNNL_ARG_SCRATCHPAD, arrays.scratchpad.get()},
                                   {DNNL_ARG_BIAS, linear->bias.get(true)}};
        const dnnl_status_t status =
            dnnl_primitive_execute(product.primitive.get(), stream->stream.get(), linear->bias ? 5 : 4, args);
        if (status != dnnl_success) throw dnnl::error(status, "the product could not be executed");
        return static_cast<int>(SF_OK);
    });
}
