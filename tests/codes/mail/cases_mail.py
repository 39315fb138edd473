"""Mails as services word them, written for these tests: subject, plain body, HTML body, what the mail is worth, sender."""

# ruff: noqa: E501
# fmt: off

from typing import NamedTuple


class Mail(NamedTuple):
    name: str
    subject: str
    text: str | None
    html: str | None
    value: str | None
    sender: str = "no-reply@acme.example"


def box(code: str, above: str, below: str = "", hidden: str = "") -> str:
    """HTML as a mail builder writes it: nested tables, styles full of numbers, the code in a cell, a footer."""
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>Acme 2026</title>
<style>.btn{{color:#102938;padding:1234px}} @media (max-width:600px){{.w{{width:320px!important}}}} .ph{{display:none}}</style></head>
<body style="margin:0;background:#f4f5f7"><div class="ph">{hidden}</div>
<table width="100%" cellpadding="0"><tr><td align="center"><table width="600"><tr><td style="font-size:0px;padding:10px 25px">
<div style="font-size:14px;line-height:22px;color:#334455">{above}</div></td></tr>
<tr><td align="center" style="padding:24px"><div style="font-size:32px;letter-spacing:8px;font-weight:700">{code}</div></td></tr>
<tr><td><div style="font-size:13px">{below}</div></td></tr>
<tr><td style="font-size:11px;color:#999999">&copy; 2026 Acme Inc., 1600 Main Street, Springfield, IL 62704.
<a href="https://acme.example/unsubscribe?u=8831027741&amp;k=a8f3e2b19c7d44">Unsubscribe</a> |
<a href="https://acme.example/privacy">Privacy</a></td></tr></table></td></tr></table>
<img src="https://t.acme.example/open/482910/771204.gif" width="1" height="1" alt=""></body></html>"""


def button(url: str, label: str, above: str, below: str = "") -> str:
    """HTML with a button and a footer."""
    return f"""<html><body><table><tr><td><a href="https://acme.example/"><img src="https://acme.example/logo_300x120.png" alt="Acme"></a></td></tr>
<tr><td><h1>{above}</h1></td></tr>
<tr><td bgcolor="#1a82e2" style="border-radius:6px"><a href="{url}" target="_blank" style="font-size:16px;padding:16px 36px">{label}</a></td></tr>
<tr><td><p>{below}</p></td></tr>
<tr><td><a href="https://www.facebook.com/acme">Facebook</a> <a href="https://acme.example/help">Help</a>
<a href="https://acme.example/unsubscribe/a8f3e2b19c7d44">Unsubscribe</a> &copy; 2026 Acme</td></tr></table></body></html>"""

TOKEN = "https://acme.example/account/confirm?token=8f3b2c1d9e7a4455b6c0"

OPAQUE = "https://u1234567.ct.sendgrid.net/ls/click?upn=u001.k3JfXq9ZbT2mVw8rLp0aYcDe5GhN7sQxRtUvW1z4B6o"


def with_code() -> list[Mail]:
    return [
        Mail('plain', 'Your Acme code', 'Hi Jane,\n\nYour verification code is 482913.\n\nThe Acme team', None, '482913'),
        Mail('plain, own line', 'Sign in to Acme', 'Enter this code to sign in:\n\n    482913\n\nIt expires in 10 minutes.', None, '482913'),
        Mail('subject only', '482913 is your Acme verification code', 'Please use it within 10 minutes.', None, '482913'),
        Mail('subject with a prefix', 'A-482913 is your Acme code', None, None, '482913'),
        Mail('cell', 'Verify your e-mail', None, box('482913', 'Use this verification code to confirm your address.'), '482913'),
        Mail('cell and subject', 'Acme: 482913', None, box('482913', 'Your one-time code:'), '482913'),
        Mail('letters and digits', 'Your Acme login code', None, box('K7F2XQ', 'Enter the code below to log in:'), 'K7F2XQ'),
        Mail('dashed letters', 'Acme confirmation code: ABC-D3F', None, box('ABC-D3F', 'Your confirmation code is below.'), 'ABC-D3F'),
        Mail('dashed digits', 'Sign in', 'Use this code to sign in: 482-913', None, '482913'),
        Mail('groups', 'Acme', 'Votre code de vérification : 48 29 13.', None, '482913'),
        Mail('NBSP inside', 'Your code', None, box('482&nbsp;913', 'Your verification code:'), '482913'),
        Mail('soft hyphen inside', 'Your code', None, box('482&shy;913', 'Your verification code:'), '482913'),
        Mail('zero width inside', 'Your code', None, box('4&#8203;8&#8203;2&#8203;9&#8203;1&#8203;3', 'Your verification code:'), '482913'),
        Mail('spans inside', 'Your code', None, box('<span>4</span><span>8</span><b>29</b>13', 'Your verification code:'), '482913'),
        Mail('one digit per cell', 'Your code', None, box('<table><tr>' + ''.join(f"<td style='border:1px solid #ccc'>{d}</td>" for d in '482914') + '</tr></table>', 'Your verification code:'), '482914'),
        Mail('one digit per box', 'Your code', None, box(''.join(f"<div class='d'>{d}</div>" for d in '482914'), 'Your verification code:'), '482914'),
        Mail('label and code in one row', 'Login', None, '<table><tr><td>Security code</td><td><b>482913</b></td></tr><tr><td>Time</td><td>2026-03-12 14:30</td></tr></table>', '482913'),
        Mail('hidden pre-header with another number', 'Your code', None, box('482913', 'Your verification code:', hidden='Your code 111222 is old'), '482913'),
        Mail('pre-header by its class', 'Your code', None, "<p class='preheader'>Order 99887766, code 771204</p><p>Your code is</p><h2>482913</h2>", '482913'),
        Mail('order number beside', 'Verification code for order 40391827', 'Your verification code is 620418. Order total: $128.50.', None, '620418'),
        Mail('phone in the footer', 'Acme code', 'Your code:\n482913\n\nQuestions? Call 1-800-555-0199 or +44 20 7946 0958.', None, '482913'),
        Mail('both bodies', 'Acme', 'Your code is 482913', box('482913', 'Your code is'), '482913'),
        Mail('plain body is a stub', 'Acme', 'Please use a mail reader that shows HTML.', box('482913', 'Your verification code'), '482913'),
        Mail('code and link', 'Confirm your e-mail', None, box('482913', 'Your confirmation code', f"<a href='{TOKEN}'>Or confirm with one click</a>"), '482913'),
        Mail('quoted history', 'Re: code', 'Your code is 482913\n\nOn Mon, 2 Mar 2026 at 10:11, Acme wrote:\n> Your code is 771204\n> Bye', None, '482913'),
        Mail('warning first', 'Security', 'Never share your code with anyone. We never ask for it by phone.\nYour code: 482913', None, '482913'),
        Mail('device details', 'New sign-in', 'Time: 12 March 2026, 14:30\nIP: 203.0.113.204\nChrome 126 on Windows 11\n\nLogin code\n482913', None, '482913'),
        Mail('ru', 'Код подтверждения', 'Здравствуйте!\n\nВаш код подтверждения:\n\n482913\n\nЕсли вы не запрашивали код, проигнорируйте письмо.', None, '482913'),
        Mail('ru cell', 'Вход в аккаунт', None, box('482913', 'Введите этот код, чтобы войти:', 'Код действует 10 минут.'), '482913'),
        Mail('uk', 'Підтвердження пошти', None, box('482913', 'Ваш код підтвердження:'), '482913'),
        Mail('de', 'Ihr Bestätigungscode', None, box('482913', 'Bitte geben Sie den folgenden Code ein:', 'Er gilt 15 Minuten.'), '482913'),
        Mail('de subject', '482913 ist dein Acme-Code', 'Gib ihn in der App ein.', None, '482913'),
        Mail('fr', 'Votre code de connexion', None, box('482913', 'Saisissez ce code pour vous connecter :'), '482913'),
        Mail('es', 'Tu código de verificación', None, box('482913', 'Introduce este código para continuar:'), '482913'),
        Mail('pt', 'Seu código de acesso', 'Olá,\n\nUse o código abaixo para entrar:\n\n482913\n\nEle expira em 10 minutos.', None, '482913'),
        Mail('it', 'Il tuo codice', None, box('482913', 'Inserisci questo codice per accedere:'), '482913'),
        Mail('nl', 'Je inlogcode', None, box('482913', 'Gebruik deze code om in te loggen:'), '482913'),
        Mail('pl', 'Kod logowania', 'Twój kod to 482913. Nie udostępniaj go nikomu.', None, '482913'),
        Mail('cs', 'Ověření e-mailu', None, box('482913', 'Zadejte prosím tento kód:'), '482913'),
        Mail('hu', 'Bejelentkezés', None, box('482913', 'Adja meg az alábbi megerősítő kódot:'), '482913'),
        Mail('fi', 'Vahvista sähköposti', None, box('482913', 'Vahvista osoitteesi alla olevalla koodilla.'), '482913'),
        Mail('sv', 'Din engångskod', None, box('482913', 'Ange koden nedan för att logga in.'), '482913'),
        Mail('tr', 'Doğrulama kodunuz', None, box('482913', 'Giriş yapmak için aşağıdaki kodu girin:'), '482913'),
        Mail('el', 'Κωδικός σύνδεσης', None, box('482913', 'Ο κωδικός σας είναι:'), '482913'),
        Mail('ar', 'رمز التحقق', None, box('٤٨٢٩١٣', 'أدخل الرمز التالي لتأكيد بريدك:'), '482913'),
        Mail('fa', 'کد ورود', None, box('۴۸۲۹۱۳', 'کد ورود شما:'), '482913'),
        Mail('he', 'קוד אימות', None, box('482913', 'הזן את הקוד הבא:'), '482913'),
        Mail('hi', 'आपका सत्यापन कोड', None, box('482913', 'कृपया यह कोड दर्ज करें:'), '482913'),
        Mail('th', 'รหัสยืนยัน', None, box('482913', 'กรอกรหัสนี้เพื่อเข้าสู่ระบบ'), '482913'),
        Mail('vi', 'Mã xác minh', None, box('482913', 'Nhập mã sau để tiếp tục:'), '482913'),
        Mail('id', 'Kode masuk', None, box('482913', 'Masukkan kode berikut:'), '482913'),
        Mail('zh', '您的验证码', None, box('482913', '请在页面输入以下验证码：'), '482913'),
        Mail('ja', '【Acme】認証コード', '以下の認証コードを入力してください。\n\n４８２９１３\n\n有効期限は10分です。', None, '482913'),
        Mail('ko', '인증번호 안내', None, box('482913', '아래 인증번호를 입력해 주세요.'), '482913'),
    ]


def with_link() -> list[Mail]:
    wrapped = 'https://click.acme.example/track?url=https%3A%2F%2Facme.example%2Faccount%2Fconfirm%3Ftoken%3D8f3b2c1d9e7a4455b6c0&uid=77120482'
    return [
        Mail('button', 'Confirm your e-mail', None, button(TOKEN, 'Confirm e-mail', 'Welcome!'), TOKEN),
        Mail('opaque button', 'Verify your e-mail', None, button(OPAQUE, 'Verify e-mail', 'Welcome!'), OPAQUE),
        Mail('wrapped button', 'Welcome', None, button(wrapped, 'Confirm e-mail', 'Welcome!'), TOKEN),
        Mail('plain', 'Please confirm', f'Click here to confirm your address:\n\n{TOKEN}\n\nThanks!', None, TOKEN),
        Mail('plain, in brackets', 'Please confirm', f'Confirm your address (<{TOKEN}>).', None, TOKEN),
        Mail('plain, at the end of a sentence', 'Please confirm', f'Confirm your address at {TOKEN}.', None, TOKEN),
        Mail('plain, broken line', 'Confirm', f'Confirm your address:\n<{TOKEN[:48]}\n{TOKEN[48:]}>\n', None, TOKEN),
        Mail('both bodies', 'Confirm', f'Confirm: {TOKEN}', button(TOKEN, 'Confirm', 'Hi'), TOKEN),
        Mail('not me beside it', 'New sign-in', None, button('https://acme.example/login/approve?token=8f3b2c1d9e7a4455b6c0', 'Yes, it was me', 'Confirm this sign-in', "<a href='https://acme.example/login/deny?token=8f3b2c1d9e7a4455b6c1'>No, it was not me</a>"), 'https://acme.example/login/approve?token=8f3b2c1d9e7a4455b6c0'),
        Mail('reset', 'Reset your password', None, button('https://acme.example/p/9c1f2e77ab03d5e8c4', 'Choose a new password', 'Forgot it?'), 'https://acme.example/p/9c1f2e77ab03d5e8c4'),
        Mail('magic link', 'Sign in to Acme', None, button('https://acme.example/auth/magic/9c1f2e77ab03d5e8c4', 'Sign in', 'Hi'), 'https://acme.example/auth/magic/9c1f2e77ab03d5e8c4'),
        Mail('ru', 'Подтвердите регистрацию', None, button('https://acme.example/r/9c1f2e77ab03d5e8c4', 'Подтвердить', 'Добро пожаловать'), 'https://acme.example/r/9c1f2e77ab03d5e8c4'),
        Mail('de', 'Bitte bestätigen', None, button('https://acme.example/b/9c1f2e77ab03d5e8c4', 'E-Mail-Adresse bestätigen', 'Willkommen'), 'https://acme.example/b/9c1f2e77ab03d5e8c4'),
        Mail('fr', 'Bienvenue', None, button('https://acme.example/b/9c1f2e77ab03d5e8c4', 'Confirmer mon adresse', 'Bienvenue'), 'https://acme.example/b/9c1f2e77ab03d5e8c4'),
        Mail('ja', 'メールアドレスの確認', None, button('https://acme.example/b/9c1f2e77ab03d5e8c4', 'メールアドレスを確認する', 'ようこそ'), 'https://acme.example/b/9c1f2e77ab03d5e8c4'),
        Mail('zh', '激活您的账户', None, button('https://acme.example/b/9c1f2e77ab03d5e8c4', '激活账户', '欢迎'), 'https://acme.example/b/9c1f2e77ab03d5e8c4'),
        Mail('an e-mail action of a platform', 'Verify your email for Acme', "Hello,\n\nFollow this link to verify your email address.\n\nhttps://acme.firebaseapp.com/__/auth/action?mode=verifyEmail&oobCode=9C1f2E77ab03&apiKey=AIzaSyA1&continueUrl=https%3A%2F%2Facme.example%2Fhome\n\nIf you didn't ask to verify this address, you can ignore this email.", None, 'https://acme.firebaseapp.com/__/auth/action?mode=verifyEmail&oobCode=9C1f2E77ab03&apiKey=AIzaSyA1&continueUrl=https%3A%2F%2Facme.example%2Fhome'),
    ]


def without_value() -> list[Mail]:
    return [
        Mail('newsletter', 'Our news in March 2026', None, box('Spring is here', '12,345 people read this. Issue 1204.'), None),
        Mail('newsletter with a tracking button', 'New arrivals', None, button(OPAQUE, 'Shop now', 'New arrivals from $49.99'), None),
        Mail('get started', 'Tips for your first week', None, button(OPAQUE, 'Get started', '5 tips for 2026'), None),
        Mail('promo code', '20% off for you', None, box('SAVE20', 'Use promo code'), None),
        Mail('promo number', 'A gift', 'Use this code at checkout: 482913. 20% off everything until Sunday.', None, None),
        Mail('discount code in a cell', 'Ihr Rabatt', None, box('482913', 'Ihr Gutscheincode:', '10 % Rabatt'), None),
        Mail('order', 'Order confirmation #4829137', None, box('4829137', 'Order number', 'Total: $128.50. Ships to 62704.'), None),
        Mail('tracking', 'Your parcel is on its way', 'Tracking number: 4829137715\nPickup code: 4829\nLocker 112', None, None),
        Mail('invoice', 'Invoice 2026-0412', 'Invoice no. 20260412\nCustomer no. 482913\nAmount due: 1,204.00 EUR', None, None),
        Mail('booking', 'Your reservation is confirmed', 'Confirmation code: HMX4B2KQ\nCheck-in: 12 March 2026\nGuests: 2', None, None),
        Mail('password changed', 'Your password was changed', 'Your password was changed on 2026-03-12 from 203.0.113.204.', None, None),
        Mail('statement', 'Your statement', 'Account ending 4829. Balance 1,204.55. Call 1-800-555-0199.', None, None),
        Mail('code by SMS', 'Security notice', 'We sent a code to your phone ending in 4829. Enter it to continue.', None, None),
        Mail('two numbers', 'Your codes', 'Your code is 482913. Your code is 771204.', None, None),
        Mail('flight', 'Your boarding pass', 'Flight AA 2841, seat 14C, gate B12. Boarding 18:40.', None, None),
        Mail('support ticket', '[Ticket #4829137] We got your request', 'Your request (4829137) has been received.', None, None),
        Mail('ru order', 'Заказ 4829137 оформлен', 'Номер заказа: 4829137\nСумма: 1204 руб.\nТелефон: 8 800 555-01-99', None, None),
        Mail('zh order', '订单已发货', '订单 837201 已于 2026-08-21 发出。', None, None),
        Mail('to decode', 'Unicode', 'Please decode 482913 for me: encode 771204', None, None),
        Mail('a price in the line', 'News', 'Members save 500: ลดทันที 500 รหัส 482913', None, None),
        Mail('empty', '', '', '', None),
        Mail('nothing', '', None, None, None),
        Mail('unsubscribe only', 'Hello', 'To unsubscribe: https://acme.example/unsubscribe/confirm?token=8f3b2c1d9e7a4455b6c0', None, None),
        Mail('privacy and terms', 'We updated our terms', None, button('https://acme.example/terms?v=20260312a1b2c3d4e5f6', 'Read the terms', 'Our terms change'), None),
        Mail('order link', 'Thanks for your order', None, button('https://shop.acme.example/9c1f2e77/orders/9c1f2e77ab03d5e8c4/authenticate?key=ab12cd34ef56', 'View your order', 'Order #1204'), None),
        Mail('social', 'Jane invited you', 'Follow us: https://www.facebook.com/acme https://t.me/acme', None, None),
    ]
