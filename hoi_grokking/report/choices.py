"""Where the paper contradicts itself or its published code, or is silent, and what is done here."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CHOICES", "Choice"]


class Choice(NamedTuple):
    """What it is about, what the sources say of it, and what was followed."""

    subject: str
    sources: str
    followed: str


CHOICES: dict[str, tuple[Choice, ...]] = {
    "The paper and itself": (
        Choice(
            "Low weight decay", "0.01 in the text of section 4; 0.1 in every figure and in sections 5 to 7.",
            "0.1. The experiment “other_configurations” trains 0.01 as well.",
        ),
        Choice(
            "Alpha that is too high", "5 in the text of section 6; 50 in figures 5 and 9.",
            "50. The experiment “other_configurations” trains 5 as well.",
        ),
        Choice(
            "Figures that are cited", "The text on the initial scale in section 6 opens with the sentence on weight "
            "decays 10 and 50 and cites a figure 10, which does not exist; the appendix has figures 8 and 9, cited as "
            "9 and 10. Section 5.1 cites figure 1 for what figure 2 shows, section 6 a figure without a number.",
            "Figure 8 for weight decay, 9 for alpha, 2 for the phases, 5 for the synergy across configurations.",
        ),
        Choice(
            "Number of phases", "Three in the introduction, five in section 5.1 for weight decay 0.1.",
            "All five are looked for in every network, by one rule; for weight decay 2 and alpha 8 the claim is that "
            "the two in the middle are missing.",
        ),
        Choice(
            "Sub-networks", "Section 7 calls the synergistic sub-networks causally related to generalisation, and then "
            "their contrast to the inverse not that large. The sentence on the inverse at weight decay 0.1 breaks off.",
            "Both statements are rows of the table, and random sets of both sizes stand beside them.",
        ),
        Choice(
            "Beyond pairs", "Pairwise measures are said to miss what the O-information quantifies. It comes from a "
            "Gaussian copula, and is then a function of the rank correlations of pairs.",
            "The copula, as written. None of its values can show that there is something beyond pairs, and no claim "
            "here is taken to say so.",
        ),
        Choice(
            "Sets of two", "Sets of 2 to 10 clusters are searched, although the O-information of two variables is "
            "always 0: with such sets the lowest value cannot be above 0, nor the highest below.",
            "2 to 10 clusters, as written. The experiment “estimators” shows 3 to 10 as well.",
        ),
    ),
    "The paper and its code": (
        Choice(
            "What a variable is", "Text: the mean activation of each of 10 clusters. Code: nothing is averaged; a set "
            "of clusters stands for all their neurons, 20 to 250 variables.",
            "Both (“pooled” and “union”), beside clusters as multivariate variables (“grouped”) and all triplets of "
            "neurons without clusters.",
        ),
        Choice(
            "Ties", "Text: nothing. Code: equal activations (mostly the zeros of the ReLU) are ranked in the order of "
            "an unstable sort, which differs from processor to processor.",
            "Average ranks for “pooled”, “grouped” and triplets; ordinal (order of appearance), random and average "
            "ones for “union”, where they decide much.",
        ),
        Choice(
            "Last layer for alpha", "Text: its initial weights are set to zero. Published settings: they are not.",
            "Zero for alpha 8 and 50, as in the text; for alpha 1 neither sets them to zero. The experiment "
            "“other_configurations” trains 8 and 50 with the last layer free.",
        ),
        Choice(
            "Settings of the alpha runs", "The published settings of these runs stand under names that the training "
            "code does not read: as they are, alpha would be 1 and the norm free.",
            "The text: no weight decay, the joint norm of both weight matrices held after every step.",
        ),
        Choice(
            "Seeds", "Text: five models. Code: five or one, by the file of settings; the split into training and test "
            "set has a fixed seed.",
            "The published five seeds of the initial weights, and the published split.",
        ),
        Choice(
            "Masking of sub-networks", "Text: all other neurons are set to zero. Code: their incoming weights are; "
            "their bias still acts, as a constant.",
            "The text: nothing of a masked neuron is left. The experiment “published_masks” masks as published.",
        ),
        Choice(
            "Choice of the sub-network", "Text: a set from the emergence (at weight decay 0.1 the delayed one). Code: "
            "the lowest O-information of all of training, the untrained network included.",
            "Neither: the lowest O-information of the steps in which the network generalises, from the first with 10 % "
            "test accuracy to the first with 98 %. Before, networks that are hardly trained have the lowest values.",
        ),
        Choice(
            "Display", "Text: synergy and redundancy scaled to 0..1. Code: smoothed afterwards (exponentially, with a "
            "weight of 0.1), sizes filtered for outliers, step 0 left out; in figure 5 several runs are smoothed as "
            "one line.",
            "Scaled to 0..1 and not smoothed, beside raw values; step 0 is not drawn. For the detection of phases and "
            "the criteria only, curves are smoothed forwards and backwards with a weight of 0.5.",
        ),
        Choice(
            "Logarithmic scale", "Text: the measures are on a log scale. Code: the axis of steps is.",
            "The axis of steps.",
        ),
        Choice(
            "Arithmetic", "Code: single precision; a set whose covariance is singular counts as 0 without a word.",
            "Double precision; a singular set has no value and cannot be the extreme.",
        ),
        Choice(
            "Pareto plots", "Shown in figures 2 to 4; the code has none.",
            "The path of the mean of the seeds in the plane of redundancy and synergy, coloured by step.",
        ),
    ),
    "Where the paper is silent": (
        Choice(
            "Training", "Neither the loss, the betas of AdamW nor the number of steps is given in the text.",
            "The code: mean cross-entropy, betas 0.9 and 0.98, 4000 steps, a bias of the hidden layer only.",
        ),
        Choice(
            "Inputs", "The text does not say on which inputs activations are taken. Code: the training inputs.",
            "The training inputs. The experiment “estimators” shows all inputs as well.",
        ),
        Choice(
            "Phases", "They are described in words, without a rule.",
            "A rule on peaks of the smoothed synergy that rise by 15 % of its range, from step 10 on "
            "(hoi_grokking.find_phases). A divergence ends where the network has generalised.",
        ),
        Choice(
            "Controls", "No random sets beside the sub-networks, no other measure beside the early synergy.",
            "Both were added, and are marked as controls in the table. Random sets have the size of what they are "
            "compared with, and being worse than random counts as well as being better.",
        ),
    ),
}  # fmt: skip
