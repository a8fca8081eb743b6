"""A small shop's knowledge base, bilingual, searched by the real search with an embedder that needs no weights."""

from __future__ import annotations

from bot.doors.knowledge import KnowledgeDoor
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.memory import MemoryKnowledgeStore
from retrieval.search import Searcher

FAQ = """
- id: return-window
  question: How long do I have to return an item?
  wordings: ["What is the return period?", "Can I send an item back after two weeks?"]
  answer: You can return any item within 30 days of delivery.
  language: en
- id: refund-time
  question: How long does a refund take?
  wordings: ["When is my refund paid?"]
  answer: The refund is paid within 5 working days.
  language: en
- id: opening-hours
  question: When is the shop open?
  wordings: ["What are the opening hours?"]
  answer: The shop is open from nine to six, Monday to Saturday.
  language: en
- id: return-window.zh
  question: 多久之内可以退货？
  wordings: ["退货期限是多少天？"]
  answer: 签收后30天内可以退货。
  language: zh
- id: invoice.zh
  question: 怎么开发票？
  wordings: ["如何申请发票？"]
  answer: 在订单页面点击“申请发票”，一天内发到邮箱。
  language: zh
"""

ARTICLE = """# Shipping

## Countries

We ship to Norway, Sweden and Denmark. Parcels to Norway take seven days. Customs duties are paid by the customer.

## Packaging

Every parcel is packed in recycled cardboard. Glass is wrapped in paper wool.
"""


def shop_knowledge(faq: str = FAQ) -> KnowledgeDoor:
    """The knowledge base, indexed."""
    store, embedder = MemoryKnowledgeStore(), HashedEmbedder()
    ingestor = Ingestor(store, embedder)
    for source, text in (("faq.yaml", faq), ("shipping.md", ARTICLE)):
        for outcome in ingestor.add_bytes(source, text.encode()):
            assert outcome.reason is None, outcome
    return KnowledgeDoor(Searcher(store, embedder), embedder)
