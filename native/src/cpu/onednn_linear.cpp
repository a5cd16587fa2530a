/*
 * Linear layers by oneDNN. A layer is cut into slices of its outputs, each with its weights in the blocked layout that
 * oneDNN prefers, laid out once. A product of a slice with some of the rows is a piece of work for one thread, compiled
 * by oneDNN for its shape, activation and output type, with bias and GELU fused into it; the stream's team shares the
 * pieces.
 *
 * ReLU and sigmoid are ours: oneDNN's ReLU makes 0 of a NaN, and its sigmoid a number where it has no fast kernel for
 * the types. Few results of a model go through them.
 */
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "bf16.h"
#include "linear.h"
#include "onednn_threads.h"
#include "panel_matmul.h"

namespace {

using dnnl::memory;

/* Rows that the weights' layout is chosen for; the products of every other row count then use that layout. */
constexpr int kLayoutRows = 128;

/*
 * Outputs of a slice: whole vectors whatever the instruction set, and few enough that a layer has pieces for several
 * threads. Its weights are read once a piece, from memory.
 */
constexpr int kSliceOutputs = 192;

/* The fewest and the most rows of a piece. */
constexpr int kMinRows = 32;
constexpr int kMaxRows = 512;

/* Pieces a thread, so that one that was held up leaves its share to the others. */
constexpr int kPiecesPerThread = 3;

memory::data_type data_type(int type) { return type == SF_BF16 ? memory::data_type::bf16 : memory::data_type::f32; }

int64_t up_to_line(size_t bytes) { return static_cast<int64_t>((bytes + 63) / 64 * 64); }

/*
 * Lets oneDNN use only the calling thread, as long as it lives: products are compiled and run as pieces. The number of
 * threads that it takes is OpenMP's for the calling thread, which may be the application's, and is put back.
 */
class OneThread {
  public:
    OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~OneThread() { omp_set_num_threads(before_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

  private:
    const int before_;
};

/* A compiled product of rows of x with a slice of that many outputs, and what it reads and writes. */
struct Product {
    uint64_t id; /* no other product's, of any layer */
    int rows;
    int outputs;
    int activation;
    int y_type;
    memory::desc x;
    memory::desc weight;
    memory::desc bias;
    memory::desc y;
    memory::desc scratchpad;
    dnnl::matmul primitive;
};

std::atomic<uint64_t> next_product{0};

/* Points a product's argument at an array; made when it is asked for first. */
void point(memory& argument, const memory::desc& desc, const dnnl::engine& engine, const void* array) {
    if (!argument) argument = memory(desc, engine, nullptr);
    argument.set_data_handle(const_cast<void*>(array));
}

dnnl::primitive_attr attributes(int activation) {
    dnnl::post_ops after;
    if (activation == SF_GELU) after.append_eltwise(dnnl::algorithm::eltwise_gelu_erf, 0, 0);
    dnnl::primitive_attr attr;
    attr.set_post_ops(after);
    attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attr;
}

/* Rows of every piece but the last. */
int rows_of_piece(int rows, int slices, int threads) {
    const int wanted = threads == 1 ? 1 : div_up(kPiecesPerThread * threads, slices);
    const int pieces = std::max(std::min(wanted, rows / kMinRows), div_up(rows, kMaxRows));
    return round_up(div_up(rows, std::max(pieces, 1)), 8);
}

class OneDnnLinear : public sf_linear {
  public:
    OneDnnLinear(CpuStream* stream, int out, int in, const float* weight, const float* bias, int type)
        : out_(out), in_(in), type_(type), engine_(onednn_threads(stream).engine) {
        const OneThread one;
        if (bias != nullptr) bias_.assign(bias, bias + out);
        const int slices = slice_count();
        slice_bytes_ = up_to_line(layout(outputs_of(0)).get_size());
        weights_.allocate((slices - 1) * slice_bytes_ + up_to_line(layout(outputs_of(slices - 1)).get_size()));
        dnnl::stream& own = onednn_threads(stream).threads[0].stream;
        for (int s = 0; s < slices; s++) {
            const int outputs = outputs_of(s);
            /* [out, in] row-major is [in, out] column-major. */
            memory given({{in, outputs}, memory::data_type::f32, memory::format_tag::ba}, engine_,
                         const_cast<float*>(weight + static_cast<int64_t>(s) * kSliceOutputs * in));
            memory laid_out(layout(outputs), engine_, weights_of(s));
            dnnl::reorder(given, laid_out).execute(own, given, laid_out);
            own.wait();
        }
    }

    int64_t bytes() const override { return weights_.bytes() + static_cast<int64_t>(bias_.size() * sizeof(float)); }

    void apply(CpuStream* stream, int rows, const void* x, int activation, int y_type, void* y) override {
        const OneThread one;
        const int bucket = sf_linear_rows(rows);
        const int slices = slice_count();
        const int step = rows_of_piece(bucket, slices, stream->threads);
        const int row_pieces = div_up(bucket, step);
        /* By rows and slice, the last of each or not. */
        const Product* products[2][2];
        for (int last_rows = 0; last_rows < 2; last_rows++) {
            for (int last_slice = 0; last_slice < 2; last_slice++) {
                products[last_rows][last_slice] =
                    &compiled(last_rows == 0 ? std::min(step, bucket) : bucket - (row_pieces - 1) * step,
                              outputs_of(last_slice == 0 ? 0 : slices - 1), activation, y_type);
            }
        }
        const size_t x_row = static_cast<size_t>(in_) * (type_ == SF_BF16 ? 2 : 4);
        const size_t y_element = y_type == SF_BF16 ? 2 : 4;
        OneDnnThreads& own = onednn_threads(stream);
        std::atomic<int> failure{dnnl_success};
        const int64_t pieces = static_cast<int64_t>(slices) * row_pieces;
        const bool parallel = static_cast<int64_t>(bucket) * out_ * in_ >= PARALLEL_MULTIPLY_ADDS;
        run_each(stream->team, pieces, parallel ? 1 : pieces, [&](int64_t piece, int thread) {
            /* A slice's pieces follow each other, as its weights are then in a cache. */
            const int slice = static_cast<int>(piece / row_pieces);
            const int rows_index = static_cast<int>(piece % row_pieces);
            const size_t row = static_cast<size_t>(rows_index) * static_cast<size_t>(step);
            const Product& product = *products[rows_index == row_pieces - 1][slice == slices - 1];
            const size_t y_offset = row * static_cast<size_t>(out_) + static_cast<size_t>(slice) * kSliceOutputs;
            int status = dnnl_out_of_memory;
            try {
                status = run(own.threads[static_cast<size_t>(thread)], product, slice,
                             static_cast<const char*>(x) + row * x_row, static_cast<char*>(y) + y_offset * y_element);
            } catch (const dnnl::error& e) {
                status = e.status;
            } catch (const std::bad_alloc&) {
            }
            if (status != dnnl_success) failure = status;
        });
        const auto status = static_cast<dnnl_status_t>(failure.load());
        if (status != dnnl_success) throw dnnl::error(status, "the product could not be executed");
    }

  private:
    const int out_;
    const int in_;
    const int type_;
    const dnnl::engine engine_;
    SystemMemory weights_;    /* the slices', one after another */
    int64_t slice_bytes_ = 0; /* from a slice to the next */
    std::vector<float> bias_; /* empty when there is none */
    std::mutex mutex_;
    std::vector<std::unique_ptr<Product>> products_;

    int slice_count() const { return div_up(out_, kSliceOutputs); }

    int outputs_of(int slice) const { return std::min(kSliceOutputs, out_ - slice * kSliceOutputs); }

    char* weights_of(int64_t slice) const { return static_cast<char*>(weights_.get()) + slice * slice_bytes_; }

    dnnl::matmul::primitive_desc describe(int rows, int outputs, const memory::desc& weight_desc, int activation,
                                          int y_type) const {
        const memory::desc x({rows, in_}, data_type(type_), memory::format_tag::ab);
        const memory::desc y({rows, outputs}, data_type(y_type), memory::dims{out_, 1});
        if (bias_.empty()) return {engine_, x, weight_desc, y, attributes(activation)};
        return {engine_, x, weight_desc, bias_desc(outputs), y, attributes(activation)};
    }

    static memory::desc bias_desc(int outputs) {
        return {{1, outputs}, memory::data_type::f32, memory::format_tag::ab};
    }

    /* The layout that oneDNN prefers for a slice's weights. */
    memory::desc layout(int outputs) const {
        const memory::desc any({in_, outputs}, data_type(type_), memory::format_tag::any);
        return describe(kLayoutRows, outputs, any, SF_IDENTITY, SF_F32).weights_desc();
    }

    /* The product of a shape; compiled when it is asked for first. */
    const Product& compiled(int rows, int outputs, int activation, int y_type) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& p : products_) {
            if (p->rows == rows && p->outputs == outputs && p->activation == activation && p->y_type == y_type) {
                return *p;
            }
        }
        const auto desc = describe(rows, outputs, layout(outputs), activation, y_type);
        products_.push_back(std::make_unique<Product>(
            Product{next_product++, rows, outputs, activation, y_type, desc.src_desc(), desc.weights_desc(),
                    bias_desc(outputs), desc.dst_desc(), desc.scratchpad_desc(), dnnl::matmul(desc)}));
        return *products_.back();
    }

    /* Runs a piece on one of the stream's threads. */
    dnnl_status_t run(ProductThread& thread, const Product& product, int slice, const char* x, char* y) const {
        ProductArguments& arguments = thread.products[product.id];
        point(arguments.x, product.x, engine_, x);
        point(arguments.weight, product.weight, engine_, weights_of(slice));
        point(arguments.y, product.y, engine_, y);
        point(arguments.scratchpad, product.scratchpad, engine_,
              thread.scratchpad.reserve(std::max<size_t>(64, product.scratchpad.get_size())));
        /* The C call takes its arguments as they are; the C++ one builds a map first. */
        dnnl_exec_arg_t args[5] = {{DNNL_ARG_SRC, arguments.x.get()},
                                   {DNNL_ARG_WEIGHTS, arguments.weight.get()},
                                   {DNNL_ARG_DST, arguments.y.get()},
                                   {DNNL_ARG_SCRATCHPAD, arguments.scratchpad.get()},
                                   {}};
        if (!bias_.empty()) {
            point(arguments.bias, product.bias, engine_, bias_.data() + slice * kSliceOutputs);
            args[4] = {DNNL_ARG_BIAS, arguments.bias.get()};
        }
        const dnnl_status_t status =
            dnnl_primitive_execute(product.primitive.get(), thread.stream.get(), bias_.empty() ? 4 : 5, args);
        if (status == dnnl_success) activate(product, y);
        return status;
    }

    /* What oneDNN has left to do of a piece. */
    void activate(const Product& product, char* y) const {
        if (product.activation == SF_RELU) {
            each_result(product, y, [](float v) { return v < 0 ? 0.0f : v; });
        } else if (product.activation == SF_SIGMOID) {
            each_result(product, y, [](float v) { return 1 / (1 + std::exp(-v)); });
        }
    }

    template <typename Body>
    void each_result(const Product& product, char* y, const Body& body) const {
        for (int64_t row = 0; row < product.rows; row++) {
            float* const floats = reinterpret_cast<float*>(y) + row * out_;
            uint16_t* const halves = reinterpret_cast<uint16_t*>(y) + row * out_;
            for (int o = 0; o < product.outputs; o++) {
                if (product.y_type == SF_BF16) {
                    halves[o] = to_bf16(body(from_bf16(halves[o])));
                } else {
                    floats[o] = body(floats[o]);
                }
            }
        }
    }
};

}  // namespace

std::unique_ptr<sf_linear> onednn_linear(CpuStream* stream, int out, int in, const float* weight, const float* bias,
                                         int type) {
    return std::make_unique<OneDnnLinear>(stream, out, in, weight, bias, type);
}
