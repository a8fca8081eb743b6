"""Words of customer service and of computing whose first dictionary sense misleads, or which CC-CEDICT lacks.

Written for this project; they come before the dictionary when a text is glossed for embedding.
"""

from __future__ import annotations

_WORDS = """
怎么 how|怎样 how|如何 how|咋 how|为什么 why|为何 why|多少 how much|多久 how long|谁 who|哪里 where|哪儿 where
什么 what|啥 what|几 how many|几天 how many days|什么时候 when|何时 when|不 not|没 not|没有 no|能 can|可以 can
不能 cannot|怎么办 what to do|多长 how long|多大 how big|多长时间 how long|要 need|想 want|用 use|看 see|找 find
做 do|买 buy|卖 sell|下单 place an order|订单 order|单号 order number|单子 order|流程 process|步骤 steps|改 change
换 exchange|退 return|退货 return goods|退款 refund|换货 exchange goods|退回 return|寄 send|寄回 send back
收 receive|收到 receive|送 deliver|取 pick up|到 arrive|到货 arrive in stock|到账 money arrives|发货 ship|出货 ship
物流 shipping tracking|快递 courier delivery|包裹 parcel|邮件 email|邮箱 email address|邮费 postage
运费 shipping cost|包邮 free shipping|签收 sign for delivery|收货 receive delivery|送货 delivery|上门 at home
自提 pick up in store|缺货 out of stock|有货 in stock|没货 out of stock|补货 restock|现货 in stock|预售 pre-order
款 item|码 code|号 number|号码 number|卡 card|单 order|店 shop|钱 money|付 pay|付款 pay payment|支付 pay payment
扣款 charge money|扣 charge|扣钱 charge money|刷 pay by|刷卡 pay by card|分期 installments|花呗 installment credit
微信 WeChat|支付宝 Alipay|账单 bill|发票 invoice|收据 receipt|开票 issue an invoice|优惠 discount
优惠码 discount code|优惠券 coupon|折扣 discount|打折 discount|便宜 cheap|贵 expensive|价格 price|价钱 price
降价 price reduction|差价 price difference|会员 member|积分 loyalty points|充值 top up|礼品卡 gift card|礼物 gift
礼品 gift|包装 wrap package|贺卡 greeting card|尺码 size|尺寸 size|大小 size|合适 fit|颜色 colour|地址 address
保修 warranty|维修 repair|坏 broken|破损 damaged|损坏 damaged|瑕疵 defect|质量 quality|少发 missing item
漏发 missing item|错发 wrong item|登录 log in|登陆 log in|注册 sign up register|注销 delete account|账号 account
帐号 account|账户 account|密码 password|忘 forget|客服 customer service|人工 human agent|投诉 complaint|联系 contact
电话 phone|隐私 privacy|个人信息 personal data|订阅 subscribe|退订 unsubscribe|取消 cancel|成功 succeed|失败 fail
用不了 cannot use|付不了 cannot pay|打不开 cannot open|工作日 working days|周末 weekend|节假日 holiday|营业 open
大模型 large language model|语言模型 language model|模型 model|词元 token|分词 tokenise|提示词 prompt|训练 train
微调 fine-tune|参数 parameter|上下文 context|幻觉 hallucination|人工智能 artificial intelligence
机器学习 machine learning|数据 data|显卡 graphics card|显存 GPU memory|本地 local|部署 deploy
联网 internet connection|编 make up invent|胡说 make things up|回答 answer|答案 answer|生成 generate|准确 accurate
长 long|短 short|月 month|年 year|天 day|次 times|两 two|件 item|里 in|东西 thing|一直 still|马上 immediately
多 many|大 big|小 small|行 okay|给 give|说 say|讲 explain|懂 understand|靠谱 reliable|免费 free|收费 charge a fee
支持 support|方式 method|渠道 channel
"""

SERVICE_WORDS: dict[str, str] = {
    word: english
    for item in _WORDS.replace("\n", "|").split("|")
    if item.strip()
    for word, english in [item.strip().split(" ", 1)]
}
