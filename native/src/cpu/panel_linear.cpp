/* Linear layers in fp32 by our own kernel: the weights in its panels. */
#include <algorithm>

#include "isa_table.h"
#include "linear.h"

namespace {

class PanelLinear : public sf_linear {
  public:
    PanelLinear(CpuStream* stream, int out, int in, const float* weight, const float* bias)
        : out_(out), in_(in), matmul_(stream->isa->panel_matmul) {
        if (bias != nullptr) bias_.assign(bias, bias + out);
        weights_.allocate((static_cast<int64_t>(out) + PANEL - 1) / PANEL * in * PANEL * 4);
        float* panels = static_cast<float*>(weights_.get());
        parallel_for(stream->team, (out + PANEL - 1) / PANEL, true, [&](int64_t panel, int) {
            float* to = panels + panel * in * PANEL;
            const float* from = weight + panel * PANEL * in;
            const int64_t outputs = std::min<int64_t>(PANEL, out - panel * PANEL);
            for (int64_t i = 0; i < in; i++) {
                for (int64_t o = 0; o < outputs; o++) to[i * PANEL + o] = from[o * in + i];
            }
        });
    }

    int64_t bytes() const override { return weights_.bytes() + static_cast<int64_t>(bias_.size() * sizeof(float)); }

    void apply(CpuStream* stream, int rows, const void* x, int activation, int y_type, void* y) override {
        PanelProduct task = {};
        task.rows = rows;
        task.in = in_;
        task.out = out_;
        task.x = static_cast<const float*>(x);
        task.panels = static_cast<const float*>(weights_.get());
        task.bias = bias_.empty() ? nullptr : bias_.data();
        task.activation = activation;
        task.y_type = y_type;
        task.y = y;
        matmul_(task, stream->team);
    }

  private:
    const int out_;
    const int in_;
    const PanelMatmul matmul_;
    SystemMemory weights_;    /* see PanelProduct; zero where nothing is written */
    std::vector<float> bias_; /* empty when there is none */
};

}  // namespace

std::unique_ptr<sf_linear> panel_linear(CpuStream* stream, int out, int in, const float* weight, const float* bias) {
    return std::make_unique<PanelLinear>(stream, out, in, weight, bias);
}
