"""Messages without a code that speak of codes, passwords, log-ins and confirmations; written for these tests."""

SPEAKING = {
    "codes of other things": """
The area code for our town is 4829
Country code 0044, then dial the rest
Error code 4829: please restart the device
The app crashed with error code 482913
Dress code for the party in 2026: black tie
Postal code 10115 Berlin
What is your zip code? Ours is 94105
Bar code 482913001234 was not found
SWIFT code ACMEDEFF482, account 482913
IFSC code HDFC0004829 added for beneficiary
Source code has 48291 lines now
HTTP status code 4829 is unknown
The QR code on page 1234 does not work
Product code 48291 is back in stock
Color code 482913 looks nice
Station code 4829, platform 12
Tax code 1257L applies from 2026
Access code for building 4829 has changed, ask reception
Gate code 4829#
Scan the QR code at gate 4829
Morse code was used until 1999
Building code 2026 edition is out
Promo code 482913 was added to your cart
Your referral code is 482913, invite friends and earn
Invite code: 482913. Share it with friends
Fehlercode 4829 am Gerät
Die Postleitzahl ist 10115
Vorwahl 0171, dann 4829130
Le code postal est 75011
Code erreur 4829 sur la machine
Code promo 482913 ajouté à votre panier
El código postal es 28013
Código de error 4829 en la impresora
El código de área es 0221
O código postal é 1250
Código de erro 4829
Il codice postale è 20121
Codice errore 4829 sulla caldaia
Il codice fiscale è obbligatorio dal 2026
Kod pocztowy 00950 Warszawa
Kod błędu 4829
Kod pocztowy to 48291
Почтовый индекс 101000
Код ошибки 4829
Код города 4822
Артикул 482913 снова в продаже
Поштовий індекс 01001
Код помилки 4829
Posta kodu 34710
Hata kodu 4829
Postnummer 4829
Felkod 4829 på maskinen
Virhekoodi 4829
Postinumero on 00100
Fejlkode 4829
Foutcode 4829 op het apparaat
De postcode is 1012
Kód chyby 4829
Hibakód: 4829
Irányítószám: 1011
Cod poștal 010011
Cod eroare 4829
Kode pos 10110
Kode error 4829
Mã bưu điện 100000
Mã lỗi 4829
Mã vận đơn 482913
รหัสไปรษณีย์ 10110
รหัสสินค้า 48291 มีของแล้ว
รหัสพนักงาน 48291
邮政编码100000
错误代码4829
商品编号482913
郵便番号 100-0001
エラーコード4829が表示されました
商品コード482913
우편번호 04829
오류 코드 4829
상품코드 482913
الرمز البريدي 11564
رمز الخطأ 4829
کد پستی 1234567890
کد خطا 4829
מיקוד 6473921
קוד שגיאה 4829
पिन कोड 110001
त्रुटि कोड 4829
পোস্ট কোড 1207
Ταχυδρομικός κώδικας 10431
Κωδικός σφάλματος 4829
""",
    "log-ins and confirmations that happened": """
Your phone number +41 79 482 91 30 was verified on 21.11.2026
You logged in to Acme on 21 Nov 2026 at 14:30
We sent a code to the number ending in 4829
We sent a verification code to ****4829
A verification code was sent to +1 (***) ***-4829
Your verification request 482913 was received
Your confirmation number for the hotel is 482913
Thank you for registering. Your membership number is 482913
Your registration of 2026 is complete, ticket 482913
Your password was changed. Ticket 482913
Password reset requested at 1430 hours for user 48291
You have 3 attempts left to enter the code, then wait 1440 minutes
The code that we sent at 14:30 has expired
Please confirm your booking 482913 by replying YES
Please confirm order 482913
Verify your mail at acme.com/v/482913
Activate your card by calling 1800 482 913
Activate card 4829 in our app
To log in, dial *4829#
To register, send REG to 4829
To activate, SMS START to 40404
Reply YES to 4829 to confirm
Confirm by replying 1, cancel by replying 2
Log in at acme.com before 2027
Your login from device SM-G998B (2021) was approved
Die Bestätigung der Bestellung 482913 ist da
Ihre Anmeldung vom 21.11.2026 wurde bestätigt, Vorgang 482913
Wir haben einen Code an die Nummer mit der Endung 4829 gesendet
Nous avons envoyé un code au numéro finissant par 4829
Votre inscription n° 482913 est confirmée
Hemos enviado un código al número terminado en 4829
Su registro 482913 fue confirmado
Enviamos um código para o número com final 4829
Seu cadastro 482913 foi confirmado
Abbiamo inviato un codice al numero che termina con 4829
Wysłaliśmy kod na numer kończący się na 4829
Мы отправили код на номер, оканчивающийся на 4829
Ваша заявка 482913 подтверждена
Код отправлен на номер *4829
Kodu 4829 ile biten numaraya gönderdik
เราได้ส่งรหัสไปยังหมายเลข x4829 แล้ว
ลงทะเบียนสำเร็จ หมายเลขสมาชิก 482913
ยืนยันการจองเลขที่ 482913 เรียบร้อย
验证码已发送至尾号4829的手机
您的订单482913已确认
認証コードを末尾4829の番号に送信しました
ご予約482913が確認されました
인증번호를 4829로 끝나는 번호로 보냈습니다
주문 482913이 확인되었습니다
تم إرسال رمز التحقق إلى الرقم المنتهي بـ 4829
کد به شماره منتهی به 4829 ارسال شد
Kode telah dikirim ke nomor berakhiran 4829
Mã đã được gửi đến số điện thoại kết thúc bằng 4829
OTP has been sent to 98XXXXXX29
Your OTP request limit of 1000 is reached
OTP will be required for amounts above 2000 from 01-01-2027
OTP based login is available since 2019
Use the Acme PIN app, 4.8 stars, 48291 reviews
Set your 4 digit PIN at any of our 4829 branches
Your PIN mailer was posted to 4829 Elm Street
PIN changed for card 4829
Your voucher PIN and serial: see acme.com/4829
""",
    "press one": """
Press 1 to confirm your appointment, press 2 to cancel, or call 4829130
To hear your balance press 1, for cards press 2, code help press 3
Dial 4829 and press 1 to talk to an agent
Naciśnij 1, aby potwierdzić wizytę 21.11.2026
Нажмите 1, чтобы подтвердить запись на 14:30
กด 1 เพื่อยืนยันนัด หรือโทร 1333
请按1确认，按2取消，咨询请拨4008829130
Appuyez sur 1 pour confirmer, ou appelez le 3639
Drücken Sie die 1, um zu bestätigen, oder rufen Sie 0800 4829 an
Pulse 1 para confirmar su cita del 21/11
""",
    "spam and adverts with words for codes": """
URGENT! Your mobile was awarded a 2000 prize. Call 09061234567 to claim. Claim code K52. Valid 12hrs only
You have won a 1000 voucher! To claim call 08712345678, claim code 3100
Txt CODE to 80082 to win 5000 now! 150p per msg
Text the word PIN to 4829 for your horoscope
Free ringtone! Reply to this msg with code 48 or txt STOP to 87021
Get your free login to Acme Casino: 2000 free spins, min deposit 1500
Earn 5000 a week from home! Register with us on LINE id acme4829
Register now and get 1000 credits
Sign up today for 1999 a month
Join 48291 happy customers, register today
Register before 2027 and save 15%
สมัครวันนี้รับเครดิตฟรี 5000 ฝาก 100 รับ 2000
ลงทะเบียนรับ 5000 บาท คลิก acme.co/482913
เงินเดือน 15000-30000 สนใจแอดไลน์ acme4829
注册即送8888元，加微信482913001
登录领取2000金币，退订回T
会員登録で5000ポイント
회원가입 시 5000원 지급
Daftar sekarang bonus 5000 depo 2000
Đăng ký nhận 5000 xu ngay hôm nay
Зарегистрируйтесь и получите 5000 бонусов
Регистрируйся сейчас: 1500 фриспинов
Regístrate y recibe 2000 puntos
Cadastre-se e ganhe 5000 pontos
Inscrivez-vous et gagnez 2000 points
Registriere dich und erhalte 2000 Punkte
Registrati e ricevi 2000 punti
Zarejestruj się i odbierz 2000 punktów
Kaydol 5000 puan kazan
سجل الآن واحصل على 2000 نقطة
ثبت نام کنید و 2000 امتیاز بگیرید
""",
}


def speaking() -> list[tuple[str, str]]:
    """Family and text."""
    return [(family, text) for family, texts in SPEAKING.items() for text in texts.strip().splitlines()]
