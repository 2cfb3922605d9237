"""Three analyses of one sample, as laboratories write them: HL7 v2, FHIR R4, CDA R2 (CR-BIO). All invented."""

from __future__ import annotations

import json
from typing import Any

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"

HL7 = (
    "MSH|^~\\&|ORNEBIO|LABO|TLD|TILLEULS|20261120101500||ORU^R01|1|P|2.5|||||FRA|8859/1\r"
    "PID|1||42||MERCIER^JEANNE\r"
    "OBR|1||L1|24323-8^Bilan^LN|||20261120081500\r"
    "OBX|1|NM|2951-2^Sodium^LN||128|mmol/L|136-145|LL|||F\r"
    "OBX|2|SN|1988-5^C-réactive protéine^LN||<^5|mg/L|<5||||F\r"
    "OBX|3|NM|NA_LABO^Leucocytes^L^6690-2^^LN||12,3|10*9/L|4-10|H|||F\r"
).encode("latin-1")


def quantity(value: Any, unit: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def observation(code: str = "2951-2", name: str = "Sodium", /, **more: Any) -> dict[str, Any]:
    """An Observation of 20 November 2026, 8:15 in Paris; a member given as None is left out."""
    whole = {
        "resourceType": "Observation",
        "id": f"obs-{code}",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": code, "display": name}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20T08:15:00+01:00",
        "valueQuantity": quantity(128, "mmol/L"),
        "referenceRange": [{"low": quantity(136, "mmol/L"), "high": quantity(145, "mmol/L")}],
        **more,
    }
    return {key: value for key, value in whole.items() if value is not None}


def interpretation(code: str) -> list[dict[str, Any]]:
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    return [{"coding": [{"system": system, "code": code}]}]


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "MERCIER", "given": ["JEANNE"]}],
    "birthDate": "1938-03-14",
}


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": one} for number, one in enumerate(resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def fhir(resource: Any, encoding: str = "utf-8") -> bytes:
    return json.dumps(resource, ensure_ascii=False).encode(encoding)


FHIR = fhir(
    bundle(
        PATIENT,
        observation(interpretation=interpretation("LL")),
        observation(
            "1988-5",
            "C-réactive protéine",
            valueQuantity=quantity(5, "mg/L", comparator="<"),
            referenceRange=[{"text": "<5"}],
        ),
        observation(
            "6690-2",
            "Leucocytes",
            code={
                "coding": [
                    {"system": "urn:labo", "code": "NA_LABO"},
                    {"system": LOINC, "code": "6690-2", "display": "Leucocytes [#/Volume] Sang ; Numérique"},
                ],
                "text": "Leucocytes",
            },
            valueQuantity=quantity(12.3, "10*9/L"),
            referenceRange=[{"low": quantity(4, "10*9/L"), "high": quantity(10, "10*9/L")}],
            interpretation=interpretation("H"),
        ),
    )
)

SODIUM = """
<observation classCode="OBS" moodCode="EVN">
  <templateId root="1.3.6.1.4.1.19376.1.3.1.6"/>
  <code code="2951-2" displayName="Sodium" codeSystem="2.16.840.1.113883.6.1"/>
  <statusCode code="completed"/>
  <effectiveTime value="20261120081500+0100"/>
  <value xsi:type="PQ" value="128" unit="mmol/L"/>
  <interpretationCode code="LL" codeSystem="2.16.840.1.113883.5.83"/>
  <referenceRange typeCode="REFV"><observationRange><value xsi:type="IVL_PQ">
    <low value="136" unit="mmol/L"/><high value="145" unit="mmol/L"/></value>
    <interpretationCode code="N" codeSystem="2.16.840.1.113883.5.83"/></observationRange></referenceRange>
</observation>"""
CRP = """
<observation classCode="OBS" moodCode="EVN">
  <code code="1988-5" displayName="C-réactive protéine" codeSystem="2.16.840.1.113883.6.1"/>
  <statusCode code="completed"/>
  <effectiveTime value="20261120081500+0100"/>
  <value xsi:type="IVL_PQ"><high value="5" unit="mg/L" inclusive="false"/></value>
  <referenceRange><observationRange><text>&lt;5</text></observationRange></referenceRange>
</observation>"""
LEUCOCYTES = """
<observation classCode="OBS" moodCode="EVN">
  <code code="NA_LABO" codeSystem="1.2.3"><originalText>Leucocytes</originalText>
    <translation code="6690-2" displayName="Leucocytes [#/Volume]" codeSystem="2.16.840.1.113883.6.1"/></code>
  <statusCode code="completed"/>
  <effectiveTime value="20261120081500+0100"/>
  <value xsi:type="PQ" value="12.3" unit="10*9/L"/>
  <interpretationCode code="H"/>
  <referenceRange><observationRange><value xsi:type="IVL_PQ">
    <low value="4.000000" unit="10*9/L"/><high value="10.000000" unit="10*9/L"/></value></observationRange></referenceRange>
</observation>"""

DOCUMENT = """<?xml version="1.0" encoding="{encoding}"?>
<?xml-stylesheet type="text/xsl" href="cda.xsl"?>
<!-- Compte rendu d'examens -->
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:lab="urn:oid:1.3.6.1.4.1.19376.1.3.2">
  <realmCode code="FR"/>
  <templateId root="2.16.840.1.113883.2.8.2.1"/>
  <templateId root="{template}"/>
  <code code="{code}" codeSystem="2.16.840.1.113883.6.1"/>
  <title>Compte rendu d'examens biologiques</title>
  <effectiveTime value="20261120171000+0100"/>
  <recordTarget><patientRole><id extension="42" root="1.2.3"/><patient>
    <name><family qualifier="BR">MERCIER</family><given>JEANNE</given></name><birthTime value="19380314"/>
  </patient></patientRole></recordTarget>
  {header}
  <component><structuredBody><component><section>
    <templateId root="{section}"/>
    <code code="18719-5" displayName="Biochimie" codeSystem="2.16.840.1.113883.6.1"/>
    <title>BIOCHIMIE</title>
    <component><section>
      <text><table><tbody><tr><td><content ID="nom-1">Sodium (ISE indirect)</content></td></tr></tbody></table></text>
      <entry typeCode="DRIV"><act classCode="ACT" moodCode="EVN"><statusCode code="completed"/>
        {before}
        <entryRelationship typeCode="COMP"><organizer classCode="BATTERY" moodCode="EVN">
          <statusCode code="completed"/>
          {components}
        </organizer></entryRelationship>
      </act></entry>
    </section></component>
  </section></component></structuredBody></component>
</ClinicalDocument>
"""


def cda(*observations: str, before: str = "", header: str = "", encoding: str = "utf-8", **more: str) -> bytes:
    """A report of these observations; `before` stands in the act, `header` in the document's header."""
    parts = {
        "template": "1.2.250.1.213.1.1.1.55",
        "code": "11502-2",
        "section": "1.3.6.1.4.1.19376.1.3.3.2.1",
        "encoding": encoding,
        "header": header,
        "before": before,
        "components": "".join(f"<component>{one}</component>" for one in observations),
        **more,
    }
    return DOCUMENT.format(**parts).encode(encoding)


CDA = cda(SODIUM, CRP, LEUCOCYTES)
