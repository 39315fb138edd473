"""More such mails, in many languages: a first hold-out, until it was used to mend the rules."""

# ruff: noqa: E501
# fmt: off

from tests.codes.mail.cases_mail import Mail


def _simple(*blocks: str) -> str:
    return (
        "<html><head><style>body{font:14px Arial}#x1024{color:#998877}</style></head><body>"
        + "".join(blocks)
        + "</body></html>"
    )


def with_code() -> list[Mail]:
    return [
        Mail('en 1', 'Your login code for Brightly', "Copy and paste this temporary login code:\n\n731052\n\nIf you didn't try to log in, you can safely ignore this email.", None, '731052'),
        Mail('en 2', 'Brightly account verification', None, _simple("<p>Hi sam_1987,</p><p>Someone tried to sign up for an account with sam@box.example. If it was you, enter this confirmation code in the app:</p><p style='font-size:24px'>204918</p><p>Brightly, 1601 Willow Road, Menlo Park, CA 94025</p>"), '204918'),
        Mail('en 3', '90214 is your code', None, _simple('<div>Use it to sign in to Brightly.</div>'), '90214'),
        Mail('en 4', 'Security alert', 'Dear Sam,\n\nIt looks like you are trying to log in from a new device. Here is the Guard code you need:\n\nX4KQ9\n\nThis email was generated because of a login attempt from a computer located at 203.0.113.9 (DE).', None, 'X4KQ9'),
        Mail('en 5', 'Verify your new account', None, _simple("<p>To verify your email address, please use the following One Time Password (OTP):</p><p>557 201</p><p>Don't share this OTP with anyone.</p>"), '557201'),
        Mail('en 6', 'Your single-use code', 'We received your request for a single-use code to use with your account.\n\nYour single-use code is: 4471926\n\nOnly enter this code at an official website.', None, '4471926'),
        Mail('en 7', 'Brightly Verification Code', None, _simple("<table><tr><td>Hello</td></tr><tr><td>Your verification code is below — enter it in your open browser window and we'll help you get signed in.</td></tr><tr><td bgcolor='#f4f4f4'>G7K-2QX</td></tr><tr><td>Questions about this email? Visit our help center.</td></tr></table>"), 'G7K-2QX'),
        Mail('en 8', 'Email verification', 'Verification code\n\nPlease enter 018274 on the verification page.\n\nThe code is valid for 30 minutes. Case ID 5529103.', None, '018274'),
        Mail('en 9', "Confirm it's you", None, _simple('<p>Hi Sam,</p><p>Enter the 4-digit code below to confirm your identity.</p><table><tr><td>7</td><td>&nbsp;</td><td>0</td><td>&nbsp;</td><td>3</td><td>&nbsp;</td><td>9</td></tr></table>'), '7039'),
        Mail('en 10', 'Your PIN', 'Your PIN: 66120\nValid until 12 Mar 2026 15:04 UTC', None, '66120'),
        Mail('en 11', 'Sign-in verification', None, _simple('<p>Your Brightly sign-in code</p><h1>8 4 1 6 2 7</h1><p>Requested from Berlin, Germany on 3/12/2026 at 14:05</p>'), '841627'),
        Mail('en 12', "Welcome to Brightly! Here's your activation code", 'Activation code: QW7E-4R2T\n', None, 'QW7E-4R2T'),
        Mail('en 13', 'Password reset request', 'Hi Sam,\nWe received a request to reset your password.\nEnter the following password reset code:\n39218847\nAlternatively, you can directly change your password:\nhttps://brightly.example/recover?n=39218847&u=100042', None, '39218847'),
        Mail('ru 1', '731052 — ваш код для входа', 'Никому не сообщайте этот код.', None, '731052'),
        Mail('ru 2', 'Код для регистрации', None, _simple("<p>Здравствуйте, Сэм!</p><p>Для завершения регистрации введите код</p><div style='font-size:28px'>20-49-18</div><p>Письмо отправлено автоматически. © 2014–2026</p>"), '204918'),
        Mail('ru 3', 'Вход с нового устройства', 'Кто-то пытается войти в ваш аккаунт.\nКод подтверждения: 9021\nУстройство: Chrome 126, Windows 10\nВремя: 12.03.2026 14:05', None, '9021'),
        Mail('uk 1', 'Код входу', None, _simple('<p>Вітаємо!</p><p>Введіть цей код, щоб увійти:</p><b>731052</b>'), '731052'),
        Mail('be 1', 'Код пацвярджэння', 'Ваш код пацвярджэння: 731052', None, '731052'),
        Mail('bg 1', 'Код за вход', 'Здравейте,\nВашият код за вход е:\n\n731052\n\nВалиден е 10 минути.', None, '731052'),
        Mail('sr 1', 'Verifikacija naloga', 'Vaš verifikacioni kod je 731052. Važi 10 minuta.', None, '731052'),
        Mail('hr 1', 'Kôd za prijavu', None, _simple('<p>Unesite sljedeći kôd za prijavu:</p><p>731052</p>'), '731052'),
        Mail('sl 1', 'Potrditvena koda', None, _simple('<p>Vaša potrditvena koda:</p><p>731052</p>'), '731052'),
        Mail('de 1', 'Dein Anmeldecode', None, _simple('<p>Hallo Sam,</p><p>dein Code für die Anmeldung lautet</p><p><strong>731 052</strong></p><p>Brightly GmbH, Hauptstraße 12, 10827 Berlin, HRB 123456 B</p>'), '731052'),
        Mail('de 2', 'Bestätigen Sie Ihre E-Mail-Adresse', 'Guten Tag,\n\nIhr Verifizierungscode: 90214\n\nTel. 030 1234567', None, '90214'),
        Mail('nl 1', '731052 is je verificatiecode', 'Vul hem in de app in.', None, '731052'),
        Mail('fr 1', 'Vérifiez votre adresse', None, _simple('<p>Bonjour,</p><p>Voici votre code à usage unique&nbsp;:</p><p>731052</p><p>Ce code expire dans 15&nbsp;minutes. SIRET 123 456 789 00012</p>'), '731052'),
        Mail('fr 2', 'Code de sécurité : 90214', 'Saisissez ce code sur la page de connexion.', None, '90214'),
        Mail('es 1', 'Inicio de sesión', 'Hola, Sam:\n\nIngresa el código 731052 para iniciar sesión.\n\nNo lo compartas.', None, '731052'),
        Mail('es 2', 'Confirma tu correo', None, _simple('<p>Tu código es</p><p>B7KX2Q</p>'), 'B7KX2Q'),
        Mail('pt 1', '731052 é o seu código', 'Digite-o para confirmar sua conta.', None, '731052'),
        Mail('pt 2', 'Confirme seu e-mail', None, _simple('<p>Seu código de confirmação:</p><h2>90214</h2><p>CNPJ 12.345.678/0001-90</p>'), '90214'),
        Mail('it 1', 'Verifica la tua email', None, _simple('<p>Ciao,</p><p>il tuo codice di verifica è:</p><p>731052</p><p>P.IVA 01234567890</p>'), '731052'),
        Mail('ro 1', 'Codul tău de verificare', 'Codul tău este: 731052', None, '731052'),
        Mail('ca 1', 'Codi de verificació', 'El teu codi és 731052', None, '731052'),
        Mail('pl 1', 'Potwierdź adres e-mail', None, _simple('<p>Wpisz poniższy kod:</p><p>731052</p><p>NIP 5252344078</p>'), '731052'),
        Mail('cs 1', 'Kód pro přihlášení: 731052', 'Kód platí 10 minut.', None, '731052'),
        Mail('sk 1', 'Prihlásenie', None, _simple('<p>Váš prihlasovací kód je</p><p>731052</p>'), '731052'),
        Mail('hu 1', 'Belépési kód', 'Az Ön belépési kódja: 731052', None, '731052'),
        Mail('fi 1', 'Kirjautumiskoodi', 'Kirjautumiskoodisi on 731052.', None, '731052'),
        Mail('et 1', 'Kinnituskood', None, _simple('<p>Sinu kinnituskood on:</p><p>731052</p>'), '731052'),
        Mail('lv 1', 'Apstiprinājuma kods', 'Jūsu apstiprinājuma kods: 731052', None, '731052'),
        Mail('lt 1', 'Patvirtinimo kodas', None, _simple('<p>Jūsų patvirtinimo kodas:</p><p>731052</p>'), '731052'),
        Mail('sv 1', 'Din inloggningskod', 'Hej!\n\nDin inloggningskod är 731052.', None, '731052'),
        Mail('da 1', 'Bekræft din mail', None, _simple('<p>Brug denne kode:</p><p>731052</p><p>CVR 12345678</p>'), '731052'),
        Mail('nb 1', 'Engangskode', 'Koden din er 731052', None, '731052'),
        Mail('is 1', 'Staðfestingarkóði', 'Staðfestingarkóðinn þinn:\n731052', None, '731052'),
        Mail('el 1', 'Επιβεβαίωση email', None, _simple('<p>Εισαγάγετε τον κωδικό:</p><p>731052</p>'), '731052'),
        Mail('tr 1', 'Giriş kodun', 'Merhaba,\n\n731052 kodunu kullanarak giriş yapabilirsin.', None, '731052'),
        Mail('az 1', 'Təsdiq kodu', 'Təsdiq kodunuz: 731052', None, '731052'),
        Mail('kk 1', 'Растау коды', 'Сіздің растау кодыңыз: 731052', None, '731052'),
        Mail('uz 1', 'Tasdiqlash kodi', 'Tasdiqlash kodingiz:\n731052', None, '731052'),
        Mail('ka 1', 'დადასტურების კოდი', 'თქვენი კოდია:\n731052', None, '731052'),
        Mail('hy 1', 'Հաստատման կոդ', 'Ձեր հաստատման կոդը՝\n731052', None, '731052'),
        Mail('ar 1', 'رمز الدخول', None, _simple('<p>مرحبا</p><p>رمزك هو</p><p>731052</p><p>صالح لمدة 10 دقائق</p>'), '731052'),
        Mail('fa 1', 'کد تایید', 'کد تایید شما: ۷۳۱۰۵۲', None, '731052'),
        Mail('he 1', 'קוד הכניסה שלך', 'הקוד שלך הוא 731052', None, '731052'),
        Mail('hi 1', 'लॉगिन कोड', None, _simple('<p>आपका लॉगिन कोड:</p><p>731052</p>'), '731052'),
        Mail('bn 1', 'যাচাইকরণ কোড', 'আপনার যাচাইকরণ কোড:\n৭৩১০৫২', None, '731052'),
        Mail('ta 1', 'சரிபார்ப்புக் குறியீடு', 'உங்கள் குறியீடு:\n731052', None, '731052'),
        Mail('th 1', 'รหัส OTP ของคุณ', 'รหัส OTP ของคุณคือ 731052', None, '731052'),
        Mail('vi 1', 'Xác minh email', None, _simple('<p>Mã của bạn là</p><p>731052</p>'), '731052'),
        Mail('id 1', 'Verifikasi email', 'Gunakan kode 731052 untuk masuk.', None, '731052'),
        Mail('ms 1', 'Kod pengesahan', 'Kod pengesahan anda:\n731052', None, '731052'),
        Mail('fil 1', 'Ang iyong code', 'Ang iyong verification code ay 731052', None, '731052'),
        Mail('sw 1', 'Msimbo wa uthibitisho', 'Msimbo wako ni:\n731052', None, '731052'),
        Mail('zh 1', '登录验证', '您正在登录 Brightly，验证码：731052，10分钟内有效。', None, '731052'),
        Mail('zh 2', '【Brightly】電子郵件驗證碼', None, _simple('<p>您的驗證碼如下</p><p>731052</p><p>客服電話 02-2345-6789</p>'), '731052'),
        Mail('ja 1', 'ワンタイムパスワードのお知らせ', 'ワンタイムパスワード：731052\n有効期限：2026年3月12日 14時05分', None, '731052'),
        Mail('ja 2', '本人確認', None, _simple('<p>下記の6桁の数字を入力してください。</p><p>731052</p><p>電話番号：03-1234-5678</p>'), '731052'),
        Mail('ko 1', '[Brightly] 로그인 인증번호', '인증번호: 731052\n유효시간 10분', None, '731052'),
    ]

T = "c7e1b2f09a3d4c58be61"


def with_link() -> list[Mail]:
    def one(name: str, subject: str, url: str, label: str, before: str='', sender: str='hello@brightly.example') -> Mail:
        return Mail(name, subject, None, _simple(f"<p>{before}</p><a class='button' href='{url}'>{label}</a><p><a href='https://brightly.example/help'>Help</a> <a href='https://brightly.example/preferences?u={T}'>Email preferences</a></p>"), url.replace('&amp;', '&'), sender)

    return [
        one('en 1', 'Activate your Brightly account', f'https://brightly.example/a/{T}', 'Activate account'),
        one('en 2', 'One more step', f'https://app.brightly.example/signup/verify-email/{T}', 'Verify email address'),
        one('en 3', 'Please confirm your subscription', f'https://brightly.us5.list-manage.com/subscribe/confirm?u={T}&amp;id=12ab34cd56&amp;e=77ef', 'Yes, subscribe me to this list.'),
        one('en 4', 'Brightly: finish signing up', f'https://links.brightly.example/u/click?_t={T}&amp;_m=99887766', 'Finish signing up'),
        one('en 5', 'Your sign-in link', f'https://brightly.example/login?token={T}', 'Sign in to Brightly', 'This link expires in 15 minutes.'),
        one('en 6', 'Set your password', f'https://brightly.example/users/password/edit?reset_password_token={T}', 'Set password'),
        one('en 7', 'You have been invited to a workspace', f'https://brightly.example/invitations/{T}/accept', 'Accept invitation'),
        one('en 8', 'Confirm your new e-mail', f'https://brightly.example/e/{T}', 'Confirm change'),
        Mail('en 9', 'Verify your account', f'Hi,\r\nthanks for signing up. Visit\r\n\r\nhttps://brightly.example/verify/{T}/77120482?lang=en\r\n\r\nto verify your account.\r\n', None, f'https://brightly.example/verify/{T}/77120482?lang=en'),
        Mail('en 10', 'Confirm', 'Please copy this address into your browser:\nhttps://brightly.example/register/confirm?email=sam%40box.example&hash=c7e1b2f0\n9a3d4c58be61', None, 'https://brightly.example/register/confirm?email=sam%40box.example&hash=c7e1b2f09a3d4c58be61'),
        Mail('en 11', 'Verify', f'Verify here: https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fbrightly.example%2Fverify%3Ft%3D{T}&data=05%7C02%7C&sdata=abc%3D&reserved=0', None, f'https://brightly.example/verify?t={T}'),
        Mail('en 12', 'Verify', None, _simple(f"<a href='https://abc123.r.us-east-1.awstrack.me/L0/https:%2F%2Fbrightly.example%2Fverify%3Ft={T}/1/0100018f-aaaa-bbbb/xyz=376'>Verify my email</a>"), f'https://brightly.example/verify?t={T}'),
        one('ru 1', 'Подтверждение регистрации', f'https://brightly.example/u/{T}', 'Подтвердить e-mail'),
        one('ru 2', 'Восстановление пароля', f'https://brightly.example/u/{T}', 'Сбросить пароль'),
        one('uk 1', 'Підтвердіть пошту', f'https://brightly.example/u/{T}', 'Підтвердити'),
        one('de 1', 'Willkommen bei Brightly', f'https://brightly.example/u/{T}', 'Konto aktivieren'),
        one('de 2', 'Registrierung', f'https://brightly.example/u/{T}', 'hier', 'Bitte bestätigen Sie Ihre Anmeldung, klicken Sie dazu'),
        one('es 1', 'Activa tu cuenta', f'https://brightly.example/u/{T}', 'Activar mi cuenta'),
        one('pt 1', 'Confirme seu cadastro', f'https://brightly.example/u/{T}', 'Confirmar e-mail'),
        one('it 1', 'Conferma la registrazione', f'https://brightly.example/u/{T}', 'Conferma indirizzo'),
        one('fr 1', 'Activez votre compte', f'https://brightly.example/u/{T}', "J'active mon compte"),
        one('pl 1', 'Aktywacja konta', f'https://brightly.example/u/{T}', 'Aktywuj konto'),
        one('cs 1', 'Potvrzení registrace', f'https://brightly.example/u/{T}', 'Potvrdit registraci'),
        one('tr 1', 'Hesabını doğrula', f'https://brightly.example/u/{T}', 'E-postamı doğrula'),
        one('sv 1', 'Bekräfta din e-post', f'https://brightly.example/u/{T}', 'Bekräfta'),
        one('ar 1', 'تأكيد بريدك', f'https://brightly.example/u/{T}', 'تأكيد البريد الإلكتروني'),
        one('vi 1', 'Kích hoạt tài khoản', f'https://brightly.example/u/{T}', 'Kích hoạt'),
        one('zh 1', '请验证邮箱', f'https://brightly.example/u/{T}', '立即验证'),
        one('ja 1', '会員登録のご案内', f'https://brightly.example/u/{T}', '登録を完了する'),
        one('ko 1', '이메일 인증', f'https://brightly.example/u/{T}', '이메일 인증하기'),
    ]


def without_value() -> list[Mail]:
    def news(name: str, subject: str, body: str, label: str='Read the story') -> Mail:
        return Mail(name, subject, None, _simple(f"<p>{body}</p><a href='https://click.brightly.example/f/a/{T}~~/AAQRxQA~/{T}'>{label}</a><p>Brightly, 548 Market St #12345, San Francisco, CA 94104. <a href='https://click.brightly.example/unsub/{T}'>Unsubscribe</a></p>"), None)

    return [
        news('news 1', 'The week in 10 charts', 'Inflation fell to 2.4 %. 1,204 companies reported. 20260312'),
        news('news 2', 'Jane, 3 people viewed your profile', 'You appeared in 482 searches', 'See who'),
        news('news 3', 'Last chance: 50 % off ends tonight', 'Enter SPRING50 at checkout. Offer code 771204.', 'Activate offer'),
        news('news 4', 'Your points expire soon', 'You have 4829 points. Member no. 20491833.', 'Redeem points'),
        news('news 5', 'New message from Sam', 'Sam: are you free at 1830?', 'Reply'),
        news('news 6', 'Webinar on March 12', 'Join us at 15:00. Meeting ID 829 1377 1502, passcode 204918', 'Add to calendar'),
        news('news 7', 'How to write better code', '10 tips to write better code. 2026 edition, 1204 pages.', 'Learn more'),
        news('news 8', 'Rate your ride', 'Trip on 12 March 2026, 18:24. Total 1 204 ₽', 'Rate'),
        news('news 9', 'Product update 4.12', 'Version 4.12.2026 brings codes for gift cards. Build 20260312.', 'Try it now'),
        news('news 10', 'Welcome to Brightly', 'Here are three things to do first.', 'Open the app'),
        news('news 11', 'Your trial ends in 3 days', 'Upgrade for $12.00 a month', 'Upgrade now'),
        news('news 12', 'Happy birthday, Sam!', 'A gift for you: 20 % with code 48291', 'Get my gift'),
        Mail('order 1', 'Order #204918 confirmed', 'Order number: 204918\nEstimated delivery: March 15\nTrack: https://brightly.example/track/c7e1b2f09a3d4c58be61', None, None),
        Mail('order 2', 'Ihre Bestellung 204918', 'Bestellnummer\n204918\nKundennummer\n77120\nLieferung am 15.03.2026', None, None),
        Mail('order 3', 'Votre commande', _simple('<p>Numéro de commande</p><p>20491877</p>'), None, None),
        Mail('order 4', '您的订单已确认', '订单号：2049187731\n金额：¥128.50\n客服电话：400-820-1234', None, None),
        Mail('order 5', 'ご注文ありがとうございます', '注文番号：204-9187731\nお問い合わせ番号：48291377', None, None),
        Mail('parcel 1', 'Your parcel can be collected', 'Collect it with the code 4829 from locker 12, Willow Road 1601.', None, None),
        Mail('parcel 2', 'Посылка прибыла', 'Код получения: 4829. Постамат по адресу: ул. Ленина, 12.', None, None),
        Mail('bank 1', 'Payment received', 'You received $1,204.00 from Sam. Reference 77120482. Account ending 4829.', None, None),
        Mail('bank 2', 'Card statement', 'Your card **** 4829 was charged EUR 12.04 on 12/03/2026. Auth. 204918.', None, None),
        Mail('security 1', 'New sign-in to your account', "Device: Chrome 126 on Windows\nTime: 12 March 2026, 14:05\nIP: 203.0.113.9\nIf this was you, you don't need to do anything.", None, None),
        Mail('security 2', 'Two-factor authentication is on', 'From now on we will ask for a code when you sign in. Keep your backup codes safe.', None, None),
        Mail('security 3', 'Your code has expired', 'The code 204918 has expired. Request a new one in the app.', None, None),
        Mail('security 4', 'Did you change your phone?', 'The phone number ending in 4829 was added on 2026-03-12.', None, None),
        Mail('ticket 1', '[#204918] We received your message', 'Your ticket number is 204918. We answer within 24 hours.', None, None),
        Mail('ticket 2', 'Your e-ticket', 'Booking reference: K7XQ2B\nFlight BA 0849\nTicket number 125-2204918773', None, None),
        Mail('hotel', 'Booking confirmed: Hotel Acme', 'Confirmation number: 4829137715\nPIN code: 4829\nCheck-in 12 March 2026 from 15:00', None, None),
        Mail('event', 'Your tickets', 'Order 204918 - show the QR code at the door. Section 112, row 14.', None, None),
        Mail('calendar', 'Invitation: weekly sync', 'When: Thu 12 Mar 2026 14:00 - 15:00\nDial-in: +1 650-555-0142, PIN: 829137#\nhttps://meet.brightly.example/abc-defg-hij', None, None),
        Mail('password changed de', 'Ihr Passwort wurde geändert', 'Ihr Passwort wurde am 12.03.2026 um 14:05 Uhr geändert. Kundennummer 204918.', None, None),
        Mail('job', '12 new jobs for you', 'Job ID 204918 Software engineer, ZIP 94104', None, None),
        Mail('survey', 'How did we do?', 'Answer 5 questions: https://survey.brightly.example/s/c7e1b2f09a3d4c58be61', None, None),
        Mail('receipt', 'Your receipt #2049-1877', 'Receipt #2049-1877\nAmount paid $20.00\nInvoice 4B7F2C1D-0004', None, None),
        Mail('code review', '[brightly/app] Fix code parser (#2049)', 'Merged #2049 into main. Commit c7e1b2f. Code coverage 87.31 %.', None, None),
    ]
