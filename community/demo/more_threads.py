"""The rest of what the demo community talks about, so that every space has a page to read. Data only, as `threads`."""

from community.demo.threads import D, Q, Reply, Thread

MORE_THREADS = (
    # News, by those who run the guild.
    Thread(
        "announcements", D, "Spaces, and what each is for", "tomasz", 112,
        "There are five open spaces. **Category practice** is for how we buy, **Contracts and law** for what we sign, "
        "**Supplier relations** for whom we sign it with, **Tools and data** for what we do it with. "
        "**Introductions** is where you begin.\n\nIf you do not know where something belongs, put it anywhere. I move it.",
        thanks=("jonas", "sofia"), tags=("guild",),
    ),
    Thread(
        "announcements", D, "Our first hundred answers", "ines", 94,
        "A small number that I am glad about: of the questions asked so far, nine in ten had an answer within two days, and "
        "the answers came from 23 different people. Thank you, all 23.",
        (Reply("ruth", 5, "And the tenth had one on day three, because Ines rang me.", thanks=("grace", "wim")),),
        thanks=("henrik", "amara", "wim", "ben", "greta"), tags=("guild",),
    ),
    Thread(
        "announcements", D, "Spring call on energy contracts: notes are up", "tomasz", 74,
        "Twenty-six of you were there. The notes are in the thread in *Category practice*; the recording was deleted on "
        "the same evening, as promised.",
        tags=("guild", "energy"), thanks=("katrin",),
    ),
    Thread(
        "announcements", D, "A moderator and a steward", "ines", 68,
        "Ruth Abernathy moderates from today: she may close a topic and take down what does not belong. Jonas Bergström "
        "looks after *Tools and data*. Both do it in their own time, so be kind to them.",
        thanks=("ruth", "jonas", "sofia", "marte", "ben"), tags=("guild",),
    ),
    Thread(
        "announcements", D, "What we changed after your survey", "ines", 56,
        "Forty-one answers. The three things you asked for most:\n\n1. **Nothing closes because it is old.** A thread "
        "of March may be answered in June.\n2. **Who may read this?** It stands on every page now.\n3. **A room for disputes** where "
        "nobody quotes anybody. It exists since Monday, and those who need it have been asked.\n\nOne wish we did not follow: "
        "a ranking of members. We will not have one.",
        (
            Reply("tomasz", 8, "And times are shown in *your* time zone. Set it in your profile.", thanks=("ellen", "yuki")),
        ),
        thanks=("arthur", "lucy", "wim", "hana", "carmen", "claude"), tags=("guild",),
    ),
    Thread(
        "announcements", D, "No vendor posts, and what that means for vendors here", "ines", 33,
        "Two of our members build the tools we talk about. They are here to listen and to answer as themselves, they say "
        "whom they work for, and they do not write to you about it. So far they have been exemplary. If somebody ever is "
        "not, tell me.",
        (Reply("ruth", 3, "Rob's first sentence in every thread is 'I work for a vendor'. That is all it takes."),),
        thanks=("rob", "priya", "arthur", "ben"), tags=("guild",),
    ),
    Thread(
        "announcements", D, "Autumn meeting: the programme", "ines", 12,
        "Morning: three cases, told by those who lived them. Nothing is recorded. Afternoon: tables of six on index clauses, "
        "master data and AI tools. Dinner at the mill.\n\nThirty-four of sixty places are taken. Write to Tomasz.",
        (Reply("tomasz", 4, "Thirty-nine now.", thanks=("ines",)),),
        thanks=("jonas", "saskia", "wim", "grace"), tags=("guild", "meeting"),
    ),
    # How we buy.
    Thread(
        "practice", Q, "How long is your category strategy, honestly?", "jonas", 108,
        "Ours has 38 pages and a foreword. I was asked for a summary, and then for a summary of the summary. Who has a "
        "format that is *used*?",
        (
            Reply("wim", 4, "Two pages. Page one: what we buy, from whom, what is wrong with it. Page two: three moves, each "
                  "with a name and a quarter.", thanks=("jonas", "sofia", "lucy")),
            Reply("claude", 9, "One page, and I read it aloud at the yearly review. What I am ashamed to read aloud is not "
                  "a strategy.", thanks=("jonas", "sofia")),
            Reply("amara", 20, "Two pages like Wim's, plus a third that nobody sees: what we decided *not* to do.", to=2,
                  thanks=("wim", "henrik")),
            Reply("jonas", 40, "Down to two pages and the hidden third. My director asked what had happened to the foreword.",
                  to=4, thanks=("amara",)),
        ),
        ("category-strategy",), accepted=2,
    ),
    Thread(
        "practice", D, "Standardising gloves: 31 kinds, then 6", "devika", 99,
        "A ward-by-ward story. We had 31 kinds of examination gloves. The saving was in the price for three weeks, and then "
        "it was in the store rooms: 22 metres of shelf came back.\n\nWhat worked: we let each ward keep *one* exception, "
        "with a reason on a card. After a year there are four cards.",
        (
            Reply("grace", 3, "The cards are still on the wall in my office."),
            Reply("arthur", 50, "One exception each, with a reason. I am stealing that for laptops.", thanks=("devika",)),
            Reply("omar", 20, "For uniforms too. What did you do when a reason was nonsense?"),
            Reply("devika", 6, "Nothing. It cost us two boxes a month, and they trusted us with the rest.", to=4,
                  thanks=("omar", "arthur", "ruth")),
        ),
        ("standardisation",), thanks=("grace", "jonas", "sofia"),
    ),
    Thread(
        "practice", Q, "Hedging cocoa butter below the size of a contract", "ben", 90,
        "We use 60 tonnes a year, the exchange trades in ten. Our bank offers something over the counter that I do not fully "
        "understand, which is usually the answer. What do others of our size do?",
        (
            Reply("johanna", 760, "New here, so late: we buy forward from the *processor* in quarterly lots. They hedge, we "
                  "pay about 1.5 % for it, and I understand the invoice.", thanks=("ben",)),
            Reply("wim", 6, "Not cocoa but pulp: the same. Somebody with a trading desk carries the basis risk better than "
                  "we do.", to=2, thanks=("ben", "johanna")),
            Reply("ben", 30, "Asked our processor. 1.4 %, quarterly, from July. The bank's paper is in the bin.", to=2,
                  thanks=("johanna", "wim")),
        ),
        ("commodities", "hedging"), accepted=2,
    ),
    Thread(
        "practice", D, "Should-cost for a bracket: the whole sheet", "oskar", 86,
        "Some of you asked what such a model looks like. Here is one, rounded. A milled bracket, 2.1 kg of aluminium in, "
        "0.6 kg out:\n\n| Step | Cost |\n|---|---:|\n| Material, less swarf | 7.90 |\n| Machine, 22 min at 58 an hour | 21.30 |\n"
        "| Set-up, shared by 40 | 2.40 |\n| Finishing | 3.10 |\n| Inspection | 1.20 |\n| Overhead and margin, 18 % | 6.50 |\n"
        "| **Sum** | **42.40** |\n\nThe quotation said 61. We met at 46, because my 22 minutes were wrong: it is 26.",
        (
            Reply("piotr", 300, "The line I like is the last one. Do you always tell them where you were wrong?"),
            Reply("oskar", 5, "Always. It is the only reason they open their own sheet the second time.", to=2,
                  thanks=("piotr", "nadia", "claude", "henrik")),
            Reply("chloe", 1200, "For composites the set-up is the price. Would you share a layered version one day?"),
        ),
        ("should-cost",), thanks=("ben", "henrik", "sofia", "amara"),
    ),
    Thread(
        "practice", Q, "Who pays for the sample?", "aisha", 81,
        "We asked four mills for two metres each. Three sent them, one sent an invoice over 90 euros, with a friendly letter "
        "about their dye kitchen. I find that I respect the fourth most. What is your rule?",
        (
            Reply("luca", 5, "Pay all four. Then you may be as picky as you want, and nobody counts favours.",
                  thanks=("aisha", "amara")),
            Reply("lucy", 12, "We pay, and take it off the first order. It has never been more than a rounding error."),
            Reply("aisha", 20, "Paid all four, 360 euros. The letters became much more precise.", to=2, thanks=("luca",)),
        ),
        ("sampling", "textiles"), accepted=2,
    ),
    Thread(
        "practice", Q, "Diesel in the freight rate: which index, which week?", "lucy", 67,
        "Three carriers, three formulas: monthly average, Monday before loading, and 'as published', which means whatever "
        "suits. I want one for all. Which one survives a quarrel?",
        (
            Reply("katrin", 3, "Monthly average of the month *before*. It is dull, everybody can check it, and nobody can "
                  "time it.", thanks=("lucy", "wim")),
            Reply("jonas", 9, "And write down the base month, the share of the rate it moves, and the step. For us: 28 %, steps of "
                  "one per cent, nothing inside two.", to=2, thanks=("lucy",)),
            Reply("omar", 28, "And the source, with its page. 'The official index' was three different ones when it mattered.",
                  thanks=("lucy", "carmen")),
        ),
        ("logistics", "indexation"), accepted=3,
    ),
    Thread(
        "practice", D, "Cleaning, security, catering: one contract or three?", "omar", 62,
        "We bundled them five years ago and are taking them apart again. Bundling saved 4 % and cost us the two caterers that "
        "staff liked. I have a spreadsheet of regrets if anybody needs one.",
        (
            Reply("grace", 6, "We bundled cleaning with security only. They share a roster, the kitchen does not."),
            Reply("saskia", 11, "In lots, with the right to bid for all. Let the market say whether it belongs together.",
                  thanks=("omar", "bram")),
            Reply("fatima", 30, "Please put the spreadsheet of regrets into *Tools and data*. I am serious.", thanks=("omar", "arthur")),
        ),
        ("services", "facilities"),
    ),
    Thread(
        "practice", Q, "What do you measure that is not savings?", "arthur", 48,
        "My board understands savings and nothing else. I want to show two more numbers next year. Which ones did yours get "
        "used to?",
        (
            Reply("ellen", 4, "**Days of cover by single source.** One line, one colour. After the flood nobody asked me why it is "
                  "on the page.", thanks=("arthur", "yuki", "henrik")),
            Reply("amara", 9, "Share of spend where we know the second supplier *by name*. It was 22 % in the first year, and "
                  "nobody believed it.", thanks=("arthur", "claude")),
            Reply("wim", 15, "Price against index, not against last year. Takes two meetings to explain and saves every meeting "
                  "after.", thanks=("arthur", "katrin", "jonas")),
            Reply("arthur", 50, "Taking Ellen's and Wim's. I tried the first one yesterday, and the chairman asked a question. A "
                  "first.", to=2, thanks=("ellen", "wim", "ines")),
        ),
        ("figures", "board"), accepted=2, thanks=("greta", "claude", "sofia"),
    ),
    Thread(
        "practice", D, "A week in the plant", "sofia", 40,
        "Our new rule: every buyer spends one week a year where the stuff goes. I glued boxes. Three of our five 'equal' "
        "board grades jam the folder on humid days, and the operators sort them by hand before breakfast. It was in no system.",
        (
            Reply("jonas", 2, "Humid days are now in the specification. I am proud and a little ashamed.", thanks=("sofia", "wim")),
            Reply("yuki", 10, "We call it *genba*, and the buyers still think that it is a punishment. I will show them this."),
            Reply("nadia", 26, "Send the supplier's planner along. Mine came home with a list longer than ours.", thanks=("sofia", "luca")),
        ),
        ("learning",), thanks=("ben", "ruth", "hana", "devika", "marte"),
    ),
    Thread(
        "practice", Q, "Payment terms: has going *shorter* ever paid?", "ellen", 30,
        "Finance wants 90 days for everybody. I have three casting shops that borrow at 11 %. We borrow at 5. Has somebody "
        "turned this round and proved it?",
        (
            Reply("stefan", 5, "30 days against 2.2 %, with two foundries. They said yes within the hour, which tells you what it "
                  "was worth to them.", thanks=("ellen", "miguel", "piotr")),
            Reply("henrik", 8, "And put it to finance as a return: 2.2 % for 60 days is 13 % a year. Nothing else they do pays that.",
                  to=2, thanks=("ellen", "stefan", "arthur", "erik")),
            Reply("ellen", 60, "13 % a year was the sentence. Approved for all under 50 employees.", to=3, thanks=("henrik", "stefan")),
        ),
        ("payment-terms",), accepted=3,
    ),
    Thread(
        "practice", Q, "Handing over a category in three weeks", "mai", 25,
        "A client's buyer leaves at the end of the month, with 70 suppliers in her head. What would you ask her for first? I "
        "have a list, but it is a consultant's list.",
        (
            Reply("ruth", 3, "Not documents. Walk through her calendar of last year and ask at every meeting: why?",
                  thanks=("mai", "erik", "grace")),
            Reply("hana", 7, "The ten telephone numbers she rings when something is late. They are never in the system.",
                  thanks=("mai", "ben")),
            Reply("marte", 20, "Promises. Everything anybody said that is not in a contract.", thanks=("mai", "carmen", "ruth")),
        ),
        ("handover",),
    ),
    Thread(
        "practice", Q, "Packaging tax: per piece or by weight in the offer?", "johanna", 6,
        "The new levy is by weight, our offers are per piece. Two suppliers put it on top, one 'includes' it and will not say "
        "how. How do you ask so that the answers can be compared?",
        (
            Reply("jonas", 5, "Grams per piece as a required field, levy as its own line, and a sentence that changes of the levy pass "
                  "through at cost. Grams can be weighed.", thanks=("johanna", "ben")),
            Reply("wim", 18, "We are on the other side of that field. Please do ask for it; it rewards those who made things lighter.",
                  to=2, thanks=("johanna", "jonas")),
        ),
        ("packaging", "tenders"),
    ),
    Thread(
        "practice", Q, "Anybody at the autumn meeting by train from the south?", "chloe", 2,
        "Nantes to Arnhem has three changes. If two of us share the second half, it is an afternoon of talk instead.",
        (Reply("claude", 4, "Paris at 10:25, coach 12. I bring the cheese."),),
        ("meeting",), thanks=("claude", "ines"),
    ),
    # What we sign.
    Thread(
        "contracts", D, "The clause I read first", "carmen", 110,
        "People expect liability. I read *notices*. If a contract says that a notice must be sent by registered mail to a "
        "named person who left in 2016, then nobody has ever used it, and the rest was copied too.\n\nWhat is yours?",
        (
            Reply("henrik", 3, "Order of precedence. When five documents contradict each other, it is the only one that counts.",
                  thanks=("carmen", "marte")),
            Reply("marte", 6, "Variations. And then whether anybody knows that it exists.", thanks=("carmen",)),
            Reply("bram", 300, "Definitions. I have seen 'Working Day' defined twice, differently, nine pages apart.",
                  thanks=("carmen", "saskia", "henrik")),
            Reply("ruth", 20, "The signatures. You would be surprised."),
        ),
        ("contract-reading",), thanks=("ben", "wim", "grace", "ruth"),
    ),
    Thread(
        "contracts", Q, "Framework without a minimum: why would they hold the price?", "jonas", 103,
        "Legal does not allow volumes, sales on the other side do not allow prices without them. Every year we meet in the "
        "middle, in December, tired. Is there a third way?",
        (
            Reply("henrik", 5, "Bands. No commitment, but a price for 0–40, 40–80 and above, settled at the end of the year. They "
                  "carry no risk, and we earn the lower price by doing what we said.", thanks=("jonas", "sofia", "ben")),
            Reply("carmen", 9, "And call the forecast what it is: an estimate *made in good faith*, with a duty to tell when it changes. "
                  "That alone gave us 2 %.", to=2, thanks=("jonas", "henrik")),
            Reply("jonas", 200, "Bands it is. Signed in October, for the first time before the first snow.", to=2, thanks=("henrik", "carmen")),
        ),
        ("frameworks",), accepted=2,
    ),
    Thread(
        "contracts", Q, "Force majeure: do you still write 'pandemic'?", "devika", 82,
        "Our template lists plague, quarantine, epidemic *and* pandemic, added by four different people. Should it?",
        (
            Reply("carmen", 6, "Lists age. Describe the thing: beyond control, not foreseeable *at signature*, and not avoidable with "
                  "reasonable effort. Then what follows from it, which is the part everybody forgets.", thanks=("devika", "bram", "grace")),
            Reply("bram", 11, "And a right to end it after 90 days for **both** sides. Otherwise it is a prison with good manners.",
                  to=2, thanks=("carmen", "devika")),
        ),
        ("force-majeure", "law"), accepted=2,
    ),
    Thread(
        "contracts", Q, "Price adjustment without an index: how to say 'fair'", "aisha", 73,
        "For hand embroidery there is no index. Wages move, yarn moves, and 'by mutual agreement' means a quarrel each spring.",
        (
            Reply("luca", 4, "The legal minimum wage of the region as the mover, 70 % of the price. It is public, and it is what we want "
                  "them to pay anyway.", thanks=("aisha", "amara", "carmen")),
            Reply("carmen", 20, "Nice. Add a floor of zero, so that it never falls, and nobody has to ask.", to=2, thanks=("aisha", "luca")),
        ),
        ("indexation", "textiles"), accepted=2,
    ),
    Thread(
        "contracts", D, "Eleven lines instead of a service schedule", "fatima", 61,
        "For small software we replaced the 14-page schedule by this:\n\n1. It works on weekdays from 7 to 19.\n2. You tell us "
        "before we notice.\n3. If it is down for four hours, the month is free.\n4. …\n\nAll eleven fit on a page, and a supplier's "
        "founder signed it in the meeting, laughing.",
        (
            Reply("bram", 3, "I checked it. Number 2 is not enforceable, and it is the one they keep.", thanks=("fatima", "saskia", "ruth")),
            Reply("samir", 9, "As somebody who runs systems: number 2 is the only one I would want from a supplier."),
            Reply("marte", 24, "Would you share the other seven?"),
            Reply("fatima", 4, "5. Our data is ours, in a format a stranger can read. 6. You help us leave. 7. You name whom you use. 8. "
                  "You patch within a week. 9. Prices move once a year, with a reason. 10. One person answers. 11. Either of us may go "
                  "in 90 days.", to=4, thanks=("marte", "carmen", "samir", "arthur", "hana")),
        ),
        ("software", "services"), thanks=("carmen", "arthur", "omar", "grace"),
    ),
    Thread(
        "contracts", Q, "Tooling in our books, drawings in theirs", "stefan", 36,
        "We own the pattern, they own the drawing of the pattern. The pattern is worn out. Who may make the next one?",
        (
            Reply("henrik", 4, "Whoever the contract names, and it names nobody, I would bet. Offer to buy the drawing for the price of a "
                  "week of their engineer. It has worked twice.", thanks=("stefan", "piotr")),
            Reply("carmen", 7, "Before you offer, ask for the *history* of the drawing. If your engineers marked it up, part of it is yours.",
                  thanks=("stefan", "henrik", "marte")),
        ),
        ("tooling", "castings"),
    ),
    Thread(
        "contracts", Q, "Most favoured customer: worth the fight?", "ellen", 19,
        "A maker of switchgear offers it instead of a discount. I cannot audit it, they know that I cannot, and my predecessor "
        "loved it.",
        (
            Reply("carmen", 5, "Take the discount. If you must: a yearly statement signed by their finance director. People are careful "
                  "with signatures.", thanks=("ellen", "miguel")),
            Reply("erik", 22, "In twelve years I have seen one claimed. It took four years and paid for the lawyers.", thanks=("ellen",)),
        ),
        ("pricing",), accepted=2,
    ),
    # Whom we sign it with.
    Thread(
        "suppliers", Q, "First visit at a new supplier: what do you look at?", "sofia", 106,
        "My first one alone is on Thursday, injection moulding. I have a checklist of 60 points and two hours.",
        (
            Reply("oskar", 2, "The reject bins. How full, how sorted, and whether somebody can tell you what happened.",
                  thanks=("sofia", "amara", "jonas")),
            Reply("amara", 5, "The canteen and the toilets. People who look after the one look after the other.", thanks=("sofia", "ruth")),
            Reply("ruth", 4, "Ask to use the telephone of a shift leader. See whether anybody greets her.", thanks=("sofia",)),
            Reply("sofia", 70, "Reject bins: sorted by *reason*, with dates. Canteen: better than ours. They get the trial order. I "
                  "filled in the 60 points on the train.", to=2, thanks=("oskar", "amara", "ruth", "ines")),
        ),
        ("visits",), accepted=2, thanks=("ben",),
    ),
    Thread(
        "suppliers", D, "How we told forty suppliers that they were fifteen", "jonas", 91,
        "We cut the tail in packaging. What we did right: every one of the 25 had a call from a *person*, a reason, and twelve months. "
        "What we did wrong: we told the fifteen last, and three of them had already heard that they were out.",
        (
            Reply("luca", 6, "The fifteen first. We learned it the same way.", thanks=("jonas",)),
            Reply("grace", 9, "What did the twelve months cost you?"),
            Reply("jonas", 5, "About a tenth of the saving. Two of the 25 came back with an idea and are now among sixteen.", to=3,
                  thanks=("grace", "wim", "ruth", "nadia")),
        ),
        ("consolidation",), thanks=("sofia", "ben", "lucy", "claude"),
    ),
    Thread(
        "suppliers", Q, "They want to talk about our forecast. It is bad. Do I show it?", "chloe", 26,
        "Mean error 40 %. Sales calls it 'directional'. The supplier asks politely every month.",
        (
            Reply("nadia", 3, "Show it, *with* the error. They know anyway: they see your orders. What they do not know is that you know.",
                  thanks=("chloe", "oskar", "yuki")),
            Reply("yuki", 8, "And ask which two weeks of it they act on. Usually only the nearest, and those you can make better.",
                  to=2, thanks=("chloe", "hana")),
            Reply("chloe", 45, "They act on weeks 5 to 7. Our error there is 12 %. Nobody had ever looked.", to=3, thanks=("yuki", "nadia", "claude")),
        ),
        ("forecast", "planning"), accepted=3,
    ),
    Thread(
        "suppliers", D, "Corrective actions that are not 'retrain the operator'", "luca", 70,
        "I count. In 118 reports of last year, 64 end with training somebody. So now there is a rule: training is accepted once for "
        "each line, afterwards it must be something that would have helped a *tired* person.",
        (
            Reply("amara", 3, "I was there when he said it to a plant manager. There was a long silence, and then a good drawing.",
                  thanks=("luca", "nadia")),
            Reply("devika", 10, "In hospitals we call these 'strong actions'. The word helps: nobody wants to file a weak one.",
                  thanks=("luca", "grace")),
        ),
        ("quality", "audits"), thanks=("oskar", "claude", "piotr", "hana"),
    ),
    Thread(
        "suppliers", Q, "When do you tell a supplier that you are looking elsewhere?", "miguel", 59,
        "We have one maker of bushings, and a second in qualification for nine months. The first has begun to ask odd questions.",
        (
            Reply("ellen", 2, "(Same house.) I said: not yet. Miguel says: last month. Please referee.", thanks=("miguel",)),
            Reply("claude", 5, "The day you start. 'We must have two, and you will be one of them' is a sentence they can repeat at home.",
                  thanks=("miguel", "henrik", "amara", "nadia")),
            Reply("ruth", 9, "Claude is right, and it is not too late. Ring, do not write.", to=3, thanks=("ellen",)),
            Reply("miguel", 50, "Rang. He said 'finally'.", to=4, thanks=("ruth", "claude", "ellen", "ines")),
        ),
        ("single-source", "risk"), accepted=3,
    ),
    Thread(
        "suppliers", Q, "A supplier's plant burned down. First hour?", "yuki", 50,
        "It was a small fire, all are safe, and it was my turn to lead. I made a list too late. What is on yours?",
        (
            Reply("ellen", 3, "1. Ask how their people are. 2. Freeze what is in transit. 3. One person calls, nobody else. 4. Count days "
                  "of cover, by *our* product and not by their part number.", thanks=("yuki", "henrik", "grace", "wim")),
            Reply("nadia", 6, "5. Offer tools, people, a truck. We sent two machinists for a month, and have been first in the queue "
                  "ever since.", to=2, thanks=("yuki", "ellen", "claude")),
            Reply("hana", 12, "0. Know the number to call at night. Ours was the reception's.", to=2, thanks=("yuki",)),
        ),
        ("risk",), accepted=2, thanks=("amara", "miguel"),
    ),
    Thread(
        "suppliers", D, "Thank-you letters, on paper", "ruth", 32,
        "When I retired I had kept eleven letters from customers, out of thirty years. So I began to write them to suppliers' people. "
        "One a month, by hand, to somebody two levels below the person I usually talk to. Try it once and tell us.",
        (
            Reply("wim", 20, "Wrote to the dispatcher at our pulp mill. He rang me. He did not know what to say, so we talked about fishing.",
                  thanks=("ruth", "ben", "sofia", "ines")),
            Reply("david", 100, "Wrote to the person who always answers about our catheters. She has it on the wall. My manager asked "
                  "where I learned that.", thanks=("ruth", "devika", "grace")),
        ),
        ("relations",), thanks=("ines", "amara", "grace", "henrik", "claude", "sofia", "greta"),
    ),
    Thread(
        "suppliers", Q, "Quality agreement with a distributor who touches nothing", "piotr", 15,
        "Bearings come through a distributor who only changes the label. Our template asks him about his process control.",
        (
            Reply("luca", 4, "Two pages: he passes on the maker's papers unchanged, keeps lots apart, and tells us within a day when the maker "
                  "changes anything. That is all he *can* promise.", thanks=("piotr", "stefan")),
        ),
        ("quality",), accepted=2,
    ),
    # What we do it with.
    Thread(
        "tools", D, "Escalation in a spreadsheet, without macros", "katrin", 85,
        "Asked three times this month, so here it is once. `B2` is the base index, `B3` the present one, `B4` the share that moves, `B5` "
        "the band in which nothing moves:\n\n```\n=LET(r, B3/B2-1,\n     IF(ABS(r)<=B5, 1, 1 + B4*(r - SIGN(r)*B5)))\n```\n\nMultiply the "
        "price by it. Put the four cells on the first page of the contract, and nobody needs the formula.",
        (
            Reply("wim", 4, "We argued for a year whether the band is 'lost' or 'returned' once it is left. Yours loses it. Say so in words, too.",
                  thanks=("katrin", "jonas")),
            Reply("katrin", 3, "True: `r - SIGN(r)*B5` means that the first two per cent are never paid. For the other reading, leave it out.",
                  to=2, thanks=("wim", "lucy", "sofia")),
        ),
        ("indexation", "spreadsheets"), thanks=("lucy", "jonas", "carmen", "oskar"),
    ),
    Thread(
        "tools", Q, "Matching supplier names: is there anything better than patience?", "hana", 80,
        "Two systems, 9,000 and 13,000 names, tax numbers in half of them. I have a weekend and some Python.",
        (
            Reply("sofia", 3, "Normalise first, compare second. This got us from 40 % to 83 %:\n\n```python\nimport re, unicodedata\n\n"
                  "FORMS = r\"\\b(gmbh|ag|ab|as|ltd|limited|llc|inc|bv|sarl|spa|oy|kg|co)\\b\"\n\ndef key(name: str) -> str:\n"
                  "    plain = unicodedata.normalize(\"NFKD\", name).encode(\"ascii\", \"ignore\").decode().lower()\n"
                  "    plain = re.sub(FORMS, \" \", re.sub(r\"[^a-z0-9]+\", \" \", plain))\n    return \" \".join(sorted(plain.split()))\n```\n\n"
                  "Sorting the words is the trick: *Dahl & Co, Henrik* and *Henrik Dahl* become the same.",
                  thanks=("hana", "samir", "arthur", "omar")),
            Reply("samir", 6, "And keep the pairs a person *rejected*. The second run is then half as long.", to=2, thanks=("hana", "sofia")),
            Reply("hana", 55, "81 % by the key, 12 % by hand, the rest are dead. The weekend is saved.", to=2, thanks=("sofia",)),
        ),
        ("master-data", "python"), accepted=2,
    ),
    Thread(
        "tools", D, "Our contract register is a folder, and it is fine", "saskia", 69,
        "I have seen three systems come and go. What we kept: one folder for each contract, named by its **end date**. `2027-03-31 Street "
        "lighting`. Sorted by name, the next problem is always on top.",
        (
            Reply("marte", 5, "I hate how good this is.", thanks=("saskia", "bram")),
            Reply("arthur", 9, "Until somebody renames one."),
            Reply("saskia", 2, "Then it moves to the wrong place, and everybody sees it. In a system nobody did.", to=3,
                  thanks=("marte", "arthur", "fatima", "carmen")),
        ),
        ("contract-register",), thanks=("grace", "ruth", "omar"),
    ),
    Thread(
        "tools", Q, "Catalogue or free text for small orders?", "hana", 57,
        "Our catalogue has 60,000 items. People type 'black pen' into the free text field and wait three days.",
        (
            Reply("omar", 4, "Sixty items, with pictures, on one page, before the login. Covers 70 % of orders. The other 59,940 are "
                  "behind a link.", thanks=("hana", "arthur", "sofia")),
            Reply("devika", 9, "And let them order the *last thing again*. It is what wards want nine times in ten.", thanks=("hana", "omar")),
        ),
        ("purchase-to-pay",), accepted=2,
    ),
    Thread(
        "tools", Q, "Does anybody publish their tender calendar?", "bram", 47,
        "Suppliers ask what comes when. We have it, in a sheet that changes weekly. Is publishing it brave or stupid?",
        (
            Reply("saskia", 2, "(I asked him to ask.)"),
            Reply("henrik", 6, "We do, by quarter, with 'planned', 'likely' and 'idea'. Bids per tender went from 3 to 5. Once a newspaper "
                  "counted our delays; that was fair.", thanks=("bram", "saskia", "fatima")),
            Reply("rob", 20, "I work for a vendor. Our customers who publish get more first-time bidders, about a third more. No tool "
                  "needed, a page is enough.", thanks=("bram",)),
        ),
        ("tenders", "openness"), accepted=3,
    ),
    Thread(
        "tools", D, "What the AI summary left out", "fatima", 23,
        "We gave the same 40-page contract to two tools and one colleague. All three summaries were good. Both tools left out the "
        "renewal *because it was in the order form*. The colleague asked whether there was an order form.",
        (
            Reply("grace", 5, "That is the difference in one sentence.", thanks=("fatima", "bram")),
            Reply("priya", 14, "I build such things, at a vendor. You are right, and I took this into our tests yesterday. Thank you.",
                  thanks=("fatima", "arthur", "ines")),
            Reply("marte", 20, "Renewal dates live in order forms, invoices, and the memory of Gunnar.", thanks=("fatima", "henrik", "hana")),
        ),
        ("ai", "contracts"), thanks=("arthur", "carmen", "omar", "david"),
    ),
    Thread(
        "tools", Q, "Approval limits: when did you last raise them?", "arthur", 8,
        "Ours are from 2009. 5,000 was a machine then, now it is a chair with opinions. 71 % of our approvals are below it.",
        (
            Reply("hana", 4, "15,000 last year. Approvals fell by half, nothing else happened. We look at a sample each month instead.",
                  thanks=("arthur", "sofia")),
            Reply("samir", 9, "Before you raise them, run Hana's query on split orders. Then you know what to expect.", to=2,
                  thanks=("arthur", "hana")),
        ),
        ("purchase-to-pay", "approval"),
    ),
    Thread(
        "tools", Q, "Exporting everything we ever wrote here", "lucy", 1,
        "Before I put more cases in: can I get them out again, with dates, in something readable?",
        (),
        ("guild",), thanks=("wim",),
    ),
    # Rooms with a door.
    Thread(
        "council", D, "Three themes, one morning", "ines", 78,
        "The vote gives us index clauses, tooling ownership and AI tools. Each could fill a day. What do we leave out?",
        (
            Reply("grace", 4, "Nothing, but one case each instead of a talk. Twenty minutes, and then questions."),
            Reply("wim", 6, "Agreed. And no slides before eleven.", to=2, thanks=("grace", "lucy")),
            Reply("jonas", 20, "I can host a table on clauses in the afternoon."),
            Reply("saskia", 9, "And I one on AI, if Fatima comes. She says yes.", thanks=("ines",)),
        ),
        ("meeting",),
    ),
    Thread(
        "council", D, "Venue: the mill or the hotel", "ines", 64,
        "The hotel is easier, the mill has a roof that leaks in one corner and a river.",
        (
            Reply("wim", 1, "I am biased, but the corner is known."),
            Reply("ruth", 5, "River.", thanks=("wim", "henrik", "lucy")),
            Reply("henrik", 2, "River.", thanks=("wim",)),
        ),
        ("meeting",),
    ),
    Thread(
        "pilot", D, "What counts as the same board grade?", "wim", 34,
        "Before we compare, we should agree. Proposal: same flute, same weight within 3 %, same recycled share within ten points. "
        "Everything else is a remark.",
        (
            Reply("oskar", 3, "And print? One colour or none."),
            Reply("ben", 5, "None. Ours is all printed, so I take the loss.", to=2, thanks=("oskar", "wim")),
            Reply("tomasz", 20, "Wrote it down. Only I see who sent what; the table shows letters, and the letters change each month.",
                  thanks=("katrin", "ben")),
        ),
        ("benchmark",),
    ),
    Thread(
        "experts", D, "Questions that come back every month", "henrik", 66,
        "I keep a list: reverse auctions, index clauses, who owns tooling, payment terms. Should we write *one* good answer for each and "
        "point to it?",
        (
            Reply("carmen", 4, "Yes, with two names under it and a date on which it expires.", thanks=("henrik", "yuki")),
            Reply("amara", 9, "And the counter-example. An answer without one is an advertisement.", to=2, thanks=("carmen",)),
            Reply("henrik", 30, "I take auctions. Carmen clauses, Yuki last-time buys, Amara audits. End of the quarter.", to=3),
        ),
    ),
    Thread(
        "experts", D, "I was wrong about dual sourcing", "amara", 22,
        "I told somebody here in the spring to split 70 to 30. They did, and the 30 was below the supplier's smallest run. I have written "
        "to them. Posting it because we ask suppliers to do the same.",
        (
            Reply("yuki", 3, "Thank you for saying it here.", thanks=("amara", "henrik")),
            Reply("carmen", 8, "Into the list of counter-examples, with your permission.", thanks=("amara",)),
            Reply("amara", 2, "With my name on it, please.", to=3, thanks=("carmen", "yuki", "henrik")),
        ),
    ),
    Thread(
        "chatham", D, "A claim we should not have made", "grace", 45,
        "We claimed for late delivery and won. They stopped ringing us. It took me two winters to see what we had paid for it.",
        (
            Reply("henrik", 6, "Did you ever talk about it?"),
            Reply("grace", 4, "Last month, at a funeral of all places. He said 'you were right, and I did not like you any more'.", to=2),
            Reply("claude", 20, "I will remember that sentence."),
        ),
    ),
)  # fmt: skip
