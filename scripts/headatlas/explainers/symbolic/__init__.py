"""The symbolic explainer: executable hypotheses, searched on train and chosen on validation."""
