"""Messages without any code, written for these tests, by what they are about; numbers of every other kind stand in them."""

NEGATIVE = {
    "banks, Latin letters": """
Acme Bank: card *4829 charged EUR 1.250,00 on 21.11.2026 at 09:35:17. Balance EUR 3.482,91
Your a/c XX4829 is debited by INR 2,34,500.00 on 21-Nov-26 towards UPI/P2M/612345678901. Not you? Call 18001234567
INR 1500.00 spent on card ending 4829. Avl limit INR 48291.00. Never share your OTP or PIN with anyone.
Dear customer, your salary of KES 48,291.00 was credited on 20261121. Never share your PIN.
Acct: 482****913 Amt: NGN-57,000.00 Date: 21-11-2026 14:30 Bal: NGN1929.24. We never ask for your OTP.
You received Ksh4829 from JOHN DOE 0712345678. New balance Ksh9130. Transaction code SGR5544332
Confirmed. TZS 15000 sent to 0755 197 700 on 21/11/26 at 6:27 PM. Keep your PIN secret.
Vous avez recu 150000.00 FCFA de 22670001122. Solde: 200000.00 FCFA. Ne communiquez jamais votre code secret.
Paiement par carte XX4829 de 1 234,56 EUR le 21/11/2026 à 14h30. Ne partagez jamais vos codes.
Compra aprobada por $ 48.291,00 con tarjeta terminada en 4829 el 21 de noviembre de 2026. Nunca compartas tu clave.
Pix recebido: R$ 4.829,13 em 21/11/2026 às 14:30. Nunca informe sua senha ou código a ninguém.
Kartenzahlung 1.234,50 EUR bei ACME am 21.11. um 14:30. Karte endet auf 4829. Geben Sie niemals Ihre TAN weiter.
Addebito di 1.250,00 EUR carta ****4829 il 21/11/2026 ore 14:30. Non comunicare mai il tuo PIN.
Blokada 482,91 PLN karta *4829 2026-11-21 14:30. Nigdy nie podawaj nikomu kodu SMS.
Er is 1.482,91 euro afgeschreven van rekening NL91 ABNA 0417 1643 00. Deel nooit uw pincode.
Platba kartou 4829,00 CZK dne 21.11.2026 v 14:30, zůstatek 12 345,67 CZK. Kód nikomu nesdělujte.
Kartyas vasarlas: 48 291 HUF 2026.11.21. 14:30, egyenleg 123 456 HUF. Soha ne adja meg a kódot.
Plata 482,91 RON card **4829 in data de 21.11.2026. Nu comunicati nimanui codul PIN.
4829 ile biten kartinizdan 1.250,00 TL harcama yapildi. Sifrenizi kimseyle paylasmayin.
Transfer Rp1.500.000 ke 1234567890 berhasil 21/11/2026 14:30. Jangan berikan kode OTP kepada siapapun.
TK 0123456789 -1,500,000VND luc 14:30 21/11/2026. So du 4,829,130VND. Khong cung cap OTP cho bat ky ai.
RM 1,234.50 ditolak dari akaun 482913001234 pada 21/11/2026. Jangan dedah TAC anda.
Korttiosto 48,29 EUR 21.11.2026 klo 14.30, kortti päättyy 4829. Älä kerro tunnuslukuasi kenellekään.
Köp 1 234,50 SEK med kort som slutar på 4829 den 21 nov 2026 kl 14:30. Lämna aldrig ut din kod.
Kjøp NOK 1 234,50 kort 4829 21.11.26 kl 14:30. Ikke oppgi koden til noen.
Dankort 4829: 1.234,50 kr. hævet 21-11-2026 kl. 14:30. Oplys aldrig din kode.
You have paid R1500.00 to ELECTRICITY. Token 5376 9223 7930 4023 8001. Units 56.1kWh
Umepokea TZS 48291 kutoka kwa JOHN DOE. Usimwambie mtu yeyote PIN yako.
Bạn đã rút 2.000.000đ tại ATM 4829 lúc 14:30. Không chia sẻ mã OTP.
""",
    "banks, other letters": """
Карта *4829: покупка 1 234,56 ₽ 21.11.2026 14:30 ACME. Баланс 48 291 ₽. Никому не сообщайте код из СМС
Списание 4829 руб. по карте 4829. Доступно 12345 руб. Никому не говорите код
Зараховано 4829,13 грн на картку *4829 21.11.26 14:30. Нікому не повідомляйте код
Покупка 482.91 BGN с карта ****4829 на 21.11.2026. Не споделяйте кода си
ธนาคารแอคมี: เงินเข้า 4,829.00 บ. บ/ช x4829 21/11/69@14:30 คงเหลือ 48,291.30 บ. ห้ามบอกรหัส OTP กับผู้อื่น
ใช้จ่ายบัตร x4829 จำนวน 1,500.00 บาท 19 ก.ค. 2565 เวลา 22.53 น. ธนาคารไม่มีนโยบายขอรหัส
您尾号4829的储蓄卡11月21日14时30分支出人民币1,234.50元,余额48291.30元。请勿泄露验证码。
【中国银行】您的账户4829于2026年11月21日入账人民币5000元，任何人索要验证码都是诈骗
您尾號4829信用卡於2026/11/21消費NT$4,829元。請勿提供驗證碼給他人
[Web발신] 신한카드(4829)승인 13,000원(일시불) 11/21 14:30 누적 2,368,397원
[Web발신] 계좌 482-913-001234 출금 50,000원 잔액 1,234,567원. 인증번호를 알려주지 마세요
三井カード 2026年11月21日 14:30 4,829円のご利用がありました。暗証番号は誰にも教えないでください
خرید با کارت 4829 مبلغ 3,300,000 ریال مانده 14,412,600 تاریخ 1405/08/30 12:49 رمز خود را به کسی ندهید
تم خصم 482.91 ريال من بطاقتك رقم ****4829 بتاريخ 2026-11-21 09:35:17. لا تشارك رمز التحقق مع أحد
شراء عبر نقاط بيع SAR 1482 بطاقة 4829 في 21/11/2026. لا تفصح عن كلمة المرور
בוצעה עסקה בכרטיס 4829 בסך 1,234.50 ש"ח בתאריך 21/11/2026. אין למסור את הקוד לאיש
आपके खाते XX4829 से ₹1,500.00 डेबिट हुए 21-11-2026 को। अपना OTP किसी को न बताएं
আপনার হিসাব থেকে ৪,৮২৯ টাকা ডেবিট হয়েছে ২১/১১/২০২৬। ওটিপি কাউকে বলবেন না
உங்கள் கணக்கு XX4829 இலிருந்து ரூ.1500 கழிக்கப்பட்டது. OTP யாரிடமும் பகிர வேண்டாம்
Αγορά 48,29€ με κάρτα *4829 στις 21/11/2026 14:30. Μην αποκαλύπτετε τον κωδικό σας
ბარათით *4829 გადახდილია 48.29 GEL 21.11.2026 14:30. არავის გაუზიაროთ კოდი
Քարտ *4829 գնում 48,291 AMD 21.11.2026 14:30. Մի հայտնեք կոդը
ໂອນເງິນ 482,913 ກີບ ສຳເລັດ 21/11/2026 14:30. ຢ່າບອກລະຫັດ OTP
បានដកប្រាក់ 4829 រៀល ពីគណនី 001 234 567។ កុំប្រាប់លេខកូដ
ငွေလွှဲ 482913 ကျပ် အောင်မြင်သည်။ OTP ကို မမျှဝေပါနှင့်
""",
    "parcels, orders": """
Your parcel TH01234567890 arrives today between 14:00 and 16:00. Track: acme.co/t?c=482913
DHL 4829130012: delivery 21.11.2026. Postcode 10115.
Order #48291 has shipped. Tracking number AB-4829-XY, 2 items, 1200-1500 g
Ihre Sendung 482913001234 wird am 21. November 2026 zugestellt. PLZ 10115
Votre colis 4829130012 sera livré le 21 novembre 2026 entre 10h30 et 12h30, 75011 Paris
Tu pedido 48291 llega el 21 de noviembre de 2026
Il tuo ordine n. 48291 è stato spedito il 21 novembre 2026
Seu pedido 48291 saiu para entrega
Twoja paczka 482913001234567 zostanie doręczona 21 listopada 2026
Uw pakket 3SABCD4829130 komt morgen tussen 14.30 en 16.30
Заказ 48291 собран, ждем вас до 21 ноября 2026 г.
Ваша посилка 20450482913001 прибула у відділення 48
พัสดุของคุณ TH4829 กำลังนำจ่าย โทร 0812345678
您的快递已到3号楼菜鸟驿站，请凭取件码4-8-2913取件
【顺丰】您的快件SF4829130012已签收，如有疑问请致电95338
ご注文番号482913の商品を11月21日に発送しました
[CJ대한통운] 운송장번호 482913001234 상품이 11월 21일 배송 예정입니다
سفارش شما به شماره 48291 ارسال شد
طلبك رقم 48291 في الطريق
Siparişiniz 48291 kargoya verildi. Takip no 482913001234
Pesanan 48291 telah dikirim
Đơn hàng 48291 đang được giao
Din pakke 482913001234 kan hentes på Torget 4829
Rendelését (48291) feladtuk
Your package 1Z999AA10123456784 is out for delivery. ZIP 94105
""",
    "appointments, tickets, flights": """
Reminder: dentist on Saturday, 21 November 2026 at 14:30. Room 4829. Reply 1 to confirm.
Flight LH4829 on 21NOV2026 14:30, gate B22, booking K7QX2M
Your flight TG 482 departs 22.53 on 19 Jul 2026. Seat 24A
Meeting 1400-1530 in building 4829
Termin am 21.11.26 um 14:30 Uhr, Zimmer 4829
RDV le 21/11/26 à 14h30, 12 rue de la Paix 75002
Cita médica el 21-11-2026 a las 14:30, consultorio 4829
Consulta dia 21/11/2026 às 14h30 na sala 4829
Wizyta 21.11.2026 godz. 14:30, pokój 4829
Приём 21.11.2026 в 14:30, кабинет 4829
นัดพบแพทย์ 21 พ.ย. 2569 เวลา 14.30 น. ห้อง 4829
您预约的2026年11月21日14:30的号源已成功，就诊序号48
ご予約は令和8年11月21日14時30分です
2026년 11월 21일 14시 30분 예약되었습니다
نوبت شما 1405/08/30 ساعت 14:30 ثبت شد
موعدك يوم 21/11/2026 الساعة 14:30
Randevunuz 21.11.2026 14:30, oda 4829
Lịch hẹn 14h30 ngày 21/11/2026 phòng 4829
Train 4829 leaves platform 12 at 14:30, coach 7, seat 48
PNR 4829130012, TRN:12951, DOJ:21-11-26, S7 48, Fare 1482
""",
    "adverts, promotions": """
Save 20% with code SAVE20 until 21.11.2026! acme.com/sale
Use promo code AUTUMN2026 for 15% off orders over $1500
Black Friday 2026: everything from 999! Text STOP to 80062
Win 50000 EUR! Call 09061234567 now, 1.50 per min
20 % Rabatt mit Gutschein HERBST2026, nur bis 30.11.2026
-50% sur tout avec le code promo NOEL2026 jusqu'au 31/12
30% de descuento con el código AHORRA30 hasta el 30/11
Cupom PROMO2026: R$50 de desconto acima de R$1000
Sconto del 20% con il codice AUTUNNO26
Rabat 20% z kodem JESIEN26 do 30.11.2026
Скидка 20% по промокоду OSEN2026 до 30.11.2026
ลด 50% ใส่โค้ด SAVE2026 ขั้นต่ำ 1,500 บาท วันนี้ - 30 พ.ย. 69
กด *900*4829# สมัครเน็ต 10GB 1500 บาท 30 วัน
【淘宝】双11狂欢！满2000减300，回T退订
【12306】温馨提示：您购买的11月21日G4829次列车将于14:30开车
お買い得！ポイント5000円分プレゼント 2026年11月30日まで
(광고) 최대 50000원 할인쿠폰! 무료수신거부 080-482-9130
تخفیف ۵۰ درصدی با کد تخفیف ACME1405
خصم 50% باستخدام كود SAVE50 حتى 30/11/2026
%50 indirim! Kod: SONBAHAR26
Diskon 50% pakai kode HEMAT2026 s.d. 30 Nov 2026
Giảm 50% với mã GIAM2026 đến 30/11/2026
50% kedvezmény a NYAR2026 kuponkóddal
Get 2000 points when you spend 15000 before 2027
1000 followers! Thank you for 2026
Free gifts worth Rs.4829 from 7-Eleven, 98point6 and Route66
Buy now for only 1999 or 2x 999. Offer ends 12/12
""",
    "chat, lotteries, bills, subscriptions": """
See you at 1930 at the usual place
I was born in 1984 and moved here in 2010
lol that was like 1000 times better than 2019
My number is 0171 4829130, call me after 5pm
My new address: 4829 Elm Street, Apt 12
The wifi is slow, only 500kbps instead of 100Mbps
wir treffen uns um 1930 vor dem Kino
on se voit à 20h30 au 4829 rue Acme
nos vemos a las 2030, son 1500 pesos
ci vediamo alle 2030 al binario 4829
встречаемся в 1930 у дома 4829
เจอกันตอน 19.30 น. ที่ตึก 4829
我们1930见，房间号4829
You won 1,000,000 in the Acme lottery! Claim no. 4829-1300-12
Congratulations! Ticket 482913 won. Call 0906 4829130
Your electricity bill of 1.482,91 for 10/2026 is due 30.11.2026. Customer 482913001
Rechnung 2026-4829 über 149,99 EUR ist fällig am 30.11.2026
Votre facture n° 4829130 de 49,99 € est disponible
Su factura 482913 de $ 48.291 vence el 30/11/2026
Сумма к оплате 4829,13 руб. до 30.11.2026, лицевой счет 482913001
ค่าไฟ 1,345.90 บาท ครบกำหนด 20/06/69 เลขที่ผู้ใช้ 204857113
您本月话费余额48.29元，流量剩余2048MB
Your subscription renews on 2026-12-21 for $48.29. Manage: acme.com/account/4829
You have used 80% of your 2048 MB. Top up at *123# or call 1333
Data balance 4829MB, valid until 20261231
Msg 1/2 From: 40404 FreeMsg: thanks for being with us since 2012
Version 4.8.2913 is out, build 20261121
Score 2:1, attendance 48291
Server 192.168.10.25 down since 09:35:17, ticket INC4829130
Coordinates 13.7563, 100.5018, altitude 1200 m
UUID 550e8400-e29b-41d4-a716-446655440000 registered
Invoice IMG_4829.jpg and scan_2026.pdf attached
""",
    "warnings, log-ins without a code": """
Never share your OTP. Acme will not ask for it. Call 1800 4829 for help
We will never ask for your verification code. Questions? 0800-4829
A new login to your account on 21 Nov 2026 at 14:30 from 192.168.1.25. Not you? acme.com/s/482913
Your PIN was changed on 21/11/2026 14:04:53. If it was not you call 02-111-1111
Your password was reset at 14:30 on 21.11.2026
Geben Sie Ihren Code niemals weiter. Hilfe: 0800 4829130
Ne donnez jamais votre code à un tiers. Service client 3639
No compartas tu código con nadie. Ayuda: 900 482 913
Nigdy nie udostępniaj kodu. Infolinia 801 482 913
Не сообщайте код никому. Горячая линия 8 800 482 91 30
อย่าบอกรหัส OTP กับใคร สอบถาม 02-888-8888
请勿将验证码告知他人，客服热线95588
認証コードを他人に教えないでください。お問い合わせ 0120-482-913
인증번호를 타인에게 알려주지 마세요. 문의 1588-4829
رمز یکبار مصرف را در اختیار دیگران قرار ندهید. پشتیبانی 02148291300
لا تشارك رمز التحقق مع أي شخص. اتصل على 920004829
Doğrulama kodunuzu kimseyle paylaşmayın. Destek 444 4829
Jangan bagikan kode OTP. Hubungi 1500482
Không chia sẻ mã OTP. Hotline 1900 4829
Your account was locked after 5 wrong codes on 2026-11-21. Case 48291300
""",
}

PROMOTED = """
Use code SAVE20 for 20% off
Use code ACME4829 at checkout and get 15% off
With code 48291 you save 10 EUR on orders above 1500
Utilisez le code NOEL26 et économisez 20%
Usa el código OFERTA48 y obtén 20% de descuento
Use o código BLACK48 e ganhe 15% OFF
Mit dem Code HERBST48 sparst du 20%
Met code ZOMER48 krijg je 20% korting
Usa il codice SALDI48 per uno sconto del 20%
Z kodem RABAT48 taniej o 20%
Примените код SALE4829 и получите скидку 20%
ใช้โค้ด SALE48 ลด 20%
输入优惠码SAVE48立减20元
クーポンコードSAVE48で20%オフ
쿠폰코드 SAVE48 입력 시 20% 할인
از کد SAVE48 استفاده کنید و ۲۰٪ تخفیف بگیرید
استخدم كود SAVE48 واحصل على خصم 20%
SAVE48 kodu ile %20 indirim
Pakai kode SAVE48 dapat diskon 20%
Nhập mã SAVE48 giảm 20%
"""


def negatives() -> list[tuple[str, str]]:
    """Family and text."""
    found = [(family, text) for family, texts in NEGATIVE.items() for text in texts.strip().splitlines()]
    return found + [("promotions", text) for text in PROMOTED.strip().splitlines()]
