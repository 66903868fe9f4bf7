"""Counts and papers: lists of leads and the statistics table of a campaign, as xlsx."""

from db.exports import LeadFilter
from reports.definitions import read_campaign, read_columns
from reports.export import Exported, export_leads, write_list
from reports.faults import CampaignFileRefused, ColumnsRefused, NotWritten, TooMuchForOneSheet
from reports.figures import By, Precision, precision, write_figures
from reports.ledger import credit_code_says, export_ledger
from reports.statistics import Heading, build_statistics
from reports.tables import Check, Statistics, Table

__all__ = [
    "By",
    "CampaignFileRefused",
    "Check",
    "ColumnsRefused",
    "Exported",
    "Heading",
    "LeadFilter",
    "NotWritten",
    "Precision",
    "Statistics",
    "Table",
    "TooMuchForOneSheet",
    "build_statistics",
    "credit_code_says",
    "export_leads",
    "export_ledger",
    "precision",
    "read_campaign",
    "read_columns",
    "write_figures",
    "write_list",
]
