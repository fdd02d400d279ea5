"""What each notebook asks for: its questions in order, with their points and the signatures of their functions."""

from __future__ import annotations

CONTRACTS: dict[str, dict[str, tuple[float, list[str]]]] = {
    "sliding_windows": {
        "correlate1d": (4, ["correlate1d(x, w)", "convolve1d(x, w)"]),
        "correlate2d": (5, ["correlate2d(image, kernel, *, padding, mode)"]),
        "match_template": (4, ["match_template(image, template)"]),
        "sobel_edges": (3, ["gaussian_kernel(size, sigma)", "sobel_edges(image)"]),
        "square_detector": (4, ["square_detector()"]),
        "conv_output_size": (
            4,
            ["conv_output_size(size, kernel, *, stride, padding, dilation)", "same_padding(kernel, *, dilation)"],
        ),
        "conv_counts": (
            5,
            [
                "conv_counts(c_in, c_out, kernel, in_size, *, stride, padding, dilation, groups, bias)",
                "mlp_params(widths)",
            ],
        ),
        "conv2d_forward": (8, ["conv2d_forward(x, w, b, *, stride, padding)"]),
        "conv1x1_as_matmul": (3, ["conv1x1_as_matmul(x, w, b)"]),
        "conv_nd": (
            4,
            ["conv1d_forward(x, w, b, *, stride, padding)", "conv3d_forward(x, w, b, *, stride, padding)"],
        ),
        "conv2d_grouped": (3, ["conv2d_grouped(x, w, b, *, stride, padding, dilation, groups)"]),
        "receptive_field": (5, ["receptive_field(layers)", "layers_to_see(size, kernel)"]),
    },
    "linear_maps_and_gradients": {
        "toeplitz1d": (4, ["toeplitz1d(w, size, *, stride, padding)"]),
        "conv_matrix2d": (3, ["conv_matrix2d(kernel, in_size, *, stride, padding)"]),
        "locally_connected": (3, ["locally_connected1d(x, w)", "count_weights(size, kernel)"]),
        "im2col": (
            6,
            ["im2col(x, kernel, *, stride, padding)", "col2im(cols, in_shape, kernel, *, stride, padding)"],
        ),
        "conv2d_im2col": (4, ["conv2d_im2col(x, w, b, *, stride, padding)"]),
        "conv2d_matrix_backward": (3, ["conv2d_matrix_backward(dout, x, w, *, stride, padding)"]),
        "unfold_kernels": (2, ["unfold_kernels(c_in, kernel)"]),
        "conv1d_by_shifts": (2, ["conv1d_by_shifts(x, w)"]),
        "conv2d_backward": (7, ["conv2d_backward(dout, x, w, *, stride, padding)"]),
        "conv2d_gradients_as_convs": (
            4,
            [
                "conv2d_dx_as_conv(dout, w, in_size, *, stride, padding)",
                "conv2d_dw_as_conv(dout, x, kernel, *, stride, padding)",
            ],
        ),
        "conv_transpose2d": (2, ["conv_transpose2d(x, w, *, stride, padding)"]),
        "numerical_gradient": (3, ["numerical_gradient(f, x, dout, *, h)"]),
        "equivariance": (3, ["equivariance_gap(layer, x, shift)", "compose_kernels(w1, w2)"]),
        "learn_kernel": (2, ["learn_kernel(images, targets, size, *, lr, steps)"]),
    },
    "activations_and_pooling": {
        "relu": (3, ["relu_forward(x)", "relu_backward(dout, x)"]),
        "activations": (
            6,
            [
                "leaky_relu_forward(x, *, slope)",
                "leaky_relu_backward(dout, x, *, slope)",
                "elu_forward(x, *, alpha)",
                "elu_backward(dout, x, *, alpha)",
                "sigmoid_forward(x)",
                "sigmoid_backward(dout, x)",
                "tanh_forward(x)",
                "tanh_backward(dout, x)",
                "gelu_forward(x)",
                "gelu_backward(dout, x)",
            ],
        ),
        "maxout": (4, ["maxout_forward(x, pieces)", "maxout_backward(dout, x, pieces)"]),
        "max_pool2d_forward": (6, ["max_pool2d_forward(x, kernel, *, stride, padding)"]),
        "max_pool2d_backward": (7, ["max_pool2d_backward(dout, x, kernel, *, stride, padding)"]),
        "avg_pool2d": (
            6,
            [
                "avg_pool2d_forward(x, kernel, *, stride, padding)",
                "avg_pool2d_backward(dout, in_size, kernel, *, stride, padding)",
                "global_avg_pool_forward(x)",
                "global_avg_pool_backward(dout, in_size)",
            ],
        ),
        "avg_pool_as_conv": (3, ["avg_pool_weights(channels, kernel)"]),
        "pool1d": (2, ["max_pool1d(x, kernel, *, stride)"]),
        "shift_sensitivity": (5, ["shift_sensitivity(features, images, shift)"]),
        "linear_collapse": (3, ["linear_collapse(layers)"]),
        "gradient_by_depth": (3, ["gradient_by_depth(forward, backward, depth, width, generator)"]),
    },
    "normalization": {
        "batchnorm_forward": (
            10,
            ["batchnorm_forward(x, gamma, beta, running_mean, running_var, *, training, momentum, eps)"],
        ),
        "batchnorm_backward": (8, ["batchnorm_backward(dout, x, gamma, *, eps)"]),
        "batchnorm_backward_simplified": (5, ["batchnorm_backward_simplified(dout, x, gamma, *, eps)"]),
        "batchnorm_backward_eval": (3, ["batchnorm_backward_eval(dout, x, gamma, running_mean, running_var, *, eps)"]),
        "batchnorm2d": (
            8,
            [
                "batchnorm2d_forward(x, gamma, beta, running_mean, running_var, *, training, momentum, eps)",
                "batchnorm2d_backward(dout, x, gamma, *, eps)",
            ],
        ),
        "layernorm": (5, ["layernorm_forward(x, gamma, beta, *, eps)", "layernorm_backward(dout, x, gamma, *, eps)"]),
        "groupnorm": (
            5,
            [
                "groupnorm_forward(x, gamma, beta, groups, *, eps)",
                "groupnorm_backward(dout, x, gamma, groups, *, eps)",
            ],
        ),
        "fold_batchnorm": (3, ["fold_batchnorm(w, b, gamma, beta, running_mean, running_var, *, eps)"]),
        "bias_before_batchnorm": (1, ["bias_before_batchnorm(dout, x, gamma, running_var, *, eps)"]),
        "scale_invariance": (2, ["scale_invariance_gap(norm, x, scale, shift)"]),
        "batch_of_one": (2, []),
    },
}
