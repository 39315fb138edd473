"""Messages written for these tests whose code stands beside a number of another kind, or looks like one."""

BESIDE = r"""
2026|Your code is 2026
1930|code: 1930
2569|รหัส OTP ของคุณคือ 2569
1984|1984 is your verification code
2024|Verification code: 2024. Valid until 21.11.2026
1405|کد تایید شما: 1405
2026|Ваш код: 2026
201126|Your verification code is 201126
20261121|Your verification code is 20261121
211126|Votre code de vérification : 211126
180012|Your OTP is 180012
1800|Your PIN is 1800
500000|Your verification code is 500000
100000|Ihr Bestätigungscode lautet 100000
500000|Your code: 500 000
201126|Your code is 20-11-26
18001234|Your code: 1800-1234
12001500|Your verification code is 1200 1500
10086|验证码10086，请勿泄露
12306|Your verification code is 12306
482913|Use OTP 482913 to pay Rs.1,500.00 at ACME on card XX4829
482913|482913 is your OTP for INR 1500.00 txn on card ending 4829 at ACME. Valid till 14:30:15 21-11-2026
482913|OTP for transaction of USD 48.29 on card x4829 is 482913. Call 18001234567 if not you
482913|Votre code de confirmation est 482913 pour un paiement de 1 234,56 EUR chez ACME
482913|Code 482913 pour valider l'achat de 149,99€ du 21/11/2026 à 14h30, carte *4829
482913|Su código de verificación es 482913 para la compra de $ 48.291,00 con tarjeta terminada en 4829
482913|Código de verificação: 482913. Compra de R$ 1.500,00 em 21/11/2026 às 14:30
482913|TAN 482913 für Überweisung 1.234,50 EUR an DE89 3704 0044 0532 0130 00
482913|Il codice di conferma è 482913 per il pagamento di 1.250,00 EUR, carta ****4829
482913|Kod autoryzacyjny: 482913. Przelew 1 234,50 PLN na rachunek 61...4829, 2026-11-21 14:30
482913|Код подтверждения: 482913. Перевод 15 000 ₽ на карту *4829
482913|Никому не сообщайте код 482913. Покупка 1 234,56 RUB, карта *9130, 21.11.2026 14:30
482913|รหัส OTP คือ 482913 (Ref: KXQP) โอน 1,500.00 บาท ไป x4829 เวลา 14.30 น. 21/11/69
482913|<OTP 482913> Ref ABCD ชำระ 2,500.00 บ. บัตร x4829 หมดอายุ 22.53 น.
482913|您的验证码是482913，您尾号4829的卡正在支付1234.50元，5分钟内有效
482913|【12306】验证码：482913，用于登录，请勿转发
482913|[10086]Your verification code is 482913
482913|21/11 14:30 Your code is 482913
3366|Ваш код Энергобум: 3366
211126|Your code for Acme: 21-11-26
6640|I-PIN yakho ngu-6640
482913|验证码:482 913,10分钟内有效。
482913|验证码:482-913,10分钟内有效。
482913|Код для подтверждения перевода 5000 р. на карту *4412: 482913
482913|Verification code 5000 rand: 482913
482913|£2000\nVerification code: 482913\n£2000
482913|Verification code: 482913 £20.00
482913|Verification code: 482913 NGN-57000
482913|14:30 482913 is your login code
482913|【58同城】482913为您的登录验证码，10分钟内有效
482913|【网易163】验证码482913，30分钟内有效
482913|您於2026/11/21 14:30進行NT$4,829元交易，驗證碼：482913
482913|[Web발신] 인증번호 [482913] 50,000원 결제, 유효시간 14:30까지
482913|認証コード：482913　有効期限：2026年11月21日14時30分
482913|رمز یکبار مصرف: 482913 مبلغ: 3,300,000 ریال کارت: 4829 زمان: 1405/08/30 12:49
482913|رمز التحقق 482913 لعملية شراء بمبلغ 482.91 ريال ببطاقة ****4829
482913|קוד האימות שלך הוא 482913 לעסקה בסך 1,234.50 ש"ח
482913|आपका OTP 482913 है, ₹1,500.00 के भुगतान के लिए। कार्ड XX4829
482913|Doğrulama kodunuz: 482913. 1.250,00 TL tutarında işlem, kart 4829 ile biten
482913|Kode OTP Anda 482913 untuk transaksi Rp1.500.000. Jangan bagikan
482913|Ma OTP cua ban la 482913, giao dich 1,500,000VND luc 14:30 21/11/2026
482913|Mã xác thực của bạn là 482913. Giao dịch 1.500.000đ
482913|Your code is 482913. Order 48291, total $1,500.00
482913|Your login code: 482913. Flight LH4829 departs 21NOV2026
482913|Ref 771204: your verification code is 482913
482913|Your verification code is 482913 (ref. 771204)
482913|OTP: 482913 Time: 14:30 Date: 21-11-2026
482913|OTP 482913 Time 14:30
482913|Your OTP is 482913,valid for 10 minutes
482913|Your OTP is 482913,10 minutes left
482913|验证码:482913,5分钟内有效
482913|Your OTP is 482913.Do not share
482913|Your code is 482913. Call +1 800 555 1234 for help
482913|Your verification code is 482913. Help: 0800-4829
482913|Acme code 482913. Msg&data rates may apply. Reply STOP to 40404
482913|FreeMsg: your Acme verification code is 482913
482913|[Web발신] [Acme] 본인확인 인증번호는 482913 입니다
482913|(1/2) Your verification code is 482913. Do not share
482913|From: Acme Your verification code is 482913
482913|Your verification code is: *482913*
482913|Your verification code is ** 482913 **
482913|Your verification code is _482913_
482913|Your OTP is #482913
482913|OTP=482913;REF=AB12
482913|&lt;#&gt; Your code is 482913 FA+9qCX9VSu
482913|<#> Your code is 482913 abcdEFGHijk
482913|รหัส OTP คือ 482913 ใช้ได้5นาทีFA+9qCX9VSu
482913|Your code is&nbsp;482913
482913|Your code is &#8220;482913&#8221;
482913|Your verification code is 482913 https://пример.рф/a?c=771204
482913|Your verification code is 482913. Visit пример.рф/v?c=771204
482913|Your verification code is 482913. See ACME.COM/771204
482913|Your verification code is 482913. See acme.com?id=771204
482913|Your verification code is 482913 tg://login?code=771204
482913|Your 163.com verification code is 482913
482913|Verification code: 482913. IP 192.168.10.25, MAC 00:1A:2B:3C:4D:5E
482913|Verification code: 482913. IP 2001:0db8:85a3:0000:0000:8a2e:0370:7334
482913|Your verification code for invoice_4829.pdf is 482913
482913|Verification code for order AB-4829-XY: 482913
482913|Your code is 482913. Session 550e8400-e29b-41d4-a716-446655440000
482913|Your code 482913 for version 4.8.2913
482913|Your verification code is 482913 🙂 2026
482913|𝗬𝗼𝘂𝗿 𝗰𝗼𝗱𝗲 𝗶𝘀 𝟰𝟴𝟮𝟵𝟭𝟯
482913|Your code is ４８２９１３
482913|Your code is 4️⃣8️⃣2️⃣9️⃣1️⃣3️⃣
AB12CD|Your verification code is ＡＢ１２ＣＤ
482913|کد تأیید شما: ۴۸۲۹۱۳
482913|كد تاييد شما: ۴۸۲۹۱۳
482913|کد تاییـد شما: ۴۸۲۹۱۳
482913|Ваш ко\u0301д подтверждения: 482913
482913|Tu co\u0301digo de verificacio\u0301n es 482913
482913|Mã xác thực của bạn là 482913
482913|ΚΩΔΙΚΟΣ ΕΠΑΛΗΘΕΥΣΗΣ: 482913
482913|ONAY KODUNUZ: 482913
482913|DOĞRULAMA ŞIFRENIZ: 482913
482913|รหัสยืนยันของคุณคือ 482913 เเละห้ามบอกใคร
482913|Your one-time code is 482913 and expires at 21:45 on 21.11.2026
482913|Your OTP -482913
482913|Code:482913 Amount:-5000
482913|Your verification code is 482913. 20% off ends 2026
482913|Kod: 482913, ważny do 14:30 21.11.2026
482913|Codul dvs. este 482913, suma 482,91 RON
482913|Az ellenőrző kódja: 482913. Összeg: 48 291 HUF, 2026.11.21. 14:30
482913|Din engångskod är 482913. Belopp 1 234,50 kr
482913|Vahvistuskoodisi on 482913. Summa 48,29 EUR
482913|Ο κωδικός επαλήθευσης είναι 482913 για αγορά 48,29€
482913|Kodi juaj i verifikimit është 482913, shuma 48,29 EUR
482913|OTP yako ni 482913 kwa muamala wa TZS 48,291
482913|Your Acme code: 482913\n21 November 2026
482913|Acme\n482913\nis your code. Valid 5 min. Order 48291 on 21/11
"""


def besides() -> list[tuple[str, str]]:
    r"""Code and text; `\n` and `\u0301` in a line stand for themselves."""
    lines = (line.partition("|") for line in BESIDE.strip().splitlines())
    return [(code, text.replace(r"\n", "\n").replace(r"\u0301", "\u0301")) for code, _, text in lines]
