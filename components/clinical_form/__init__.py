"""A clinical form made of panel-material-ui fields."""

from components.clinical_form.component import ClinicalForm
from components.clinical_form.contract import Choice, FormField, FormSection

__all__ = ["Choice", "ClinicalForm", "FormField", "FormSection"]
