"""The cases of the standard's node tests whose bounds are wider than what changing their inputs shows."""

from __future__ import annotations

FIGURES = (
    "Of the node tests of the onnx package (1,884 in 1.23) none crashes and none is unsound; "
    "1,164 have inputs of real numbers that can be changed one after the other, and of these 98 "
    "% are exact for every element of every output. The others, and why:"
)

REASONS = {
    "weight": ("interpolation weights that are exactly 0 at whole coordinates are counted as read"),
    "region": ("data chooses the region, so the bounds are an upper bound, and say so"),
    "rounding": (
        "engines compute places in floating point and differ in what they read: an upper bound, which says so"
    ),
    "padding": (
        "the operator's body pads with constant zeros before it convolves: kernel taps over them "
        "are counted as read (the operator itself, by its own rule, is exact)"
    ),
    "value": (
        "one value of the test hides the influence: an element equal to its zero point, a tree that "
        "no sample goes through"
    ),
    "body": (
        "the operator's body computes its masks in a way that does not show that they mask (the "
        "operator itself, by its own rule, is exact)"
    ),
    "single": (
        "a query that sees one key only, or none, reads no scores: followed at the start of a "
        "sequence, not at its end nor in the raw scores"
    ),
    "mask": ("a query that sees one key reads the mask, which can take that key, but only -inf shows it"),
}

CASES = {
    "test_ai_onnx_ml_tree_ensemble_set_membership": "value",
    "test_attention_4d_attn_mask_3d_causal": "mask",
    "test_attention_4d_attn_mask_4d_causal": "mask",
    "test_attention_4d_attn_mask_3d_causal_expanded": "body",
    "test_attention_4d_attn_mask_4d_causal_expanded": "body",
    "test_attention_4d_diff_heads_mask4d_padded_kv_expanded": "body",
    "test_attention_4d_gqa_causal_nonpad_decode_expanded": "body",
    "test_attention_23_fullymasked_qk_matmul_output_mode3_zero": "single",
    "test_attention_24_fullymasked_qk_matmul_output_mode3_zero": "single",
    "test_attention_4d_causal_nonpad_attn_mask_composition_expanded": "body",
    "test_attention_4d_causal_nonpad_batch_prefill_expanded": "body",
    "test_attention_local_window_with_past": "single",
    "test_attention_local_window_ext_cache_rank3_head_mask_expanded": "body",
    "test_attention_local_window_ext_cache_rank4_batch_mask_expanded": "body",
    "test_attention_local_window_ext_cache_rank2_mask_expanded": "body",
    "test_attention_local_window_gqa_rank4_mask": "single",
    "test_causal_conv_with_state_with_bias_expanded": "padding",
    "test_dequantizelinear_axis": "value",
    "test_dequantizelinear_blocked": "value",
    "test_gridsample_bicubic": "weight",
    "test_gridsample_bicubic_align_corners_0_additional_1": "weight",
    "test_gridsample_bicubic_align_corners_1_additional_1": "weight",
    "test_resize_downsample_scales_cubic_align_corners": "weight",
    "test_resize_downsample_scales_linear": "rounding",
    "test_resize_downsample_scales_linear_align_corners": "rounding",
    "test_roialign_aligned_false": "region",
    "test_roialign_aligned_true": "region",
    "test_roialign_mode_max": "region",
}
