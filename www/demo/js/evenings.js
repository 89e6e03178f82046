// A landing page: clicks are tracked with the campaign that brought the visitor.

import { basketButton, card } from "./cards.js";
import { find } from "./catalogue.js";
import { byId } from "./dom.js";
import { layout } from "./layout.js";
import { openFromCampaign } from "./shop.js";

const CAMPAIGN = "long-evenings";
const PAGE_ID = "evenings";
const PICKS = [102, 103, 104, 205, 202, 402, 401, 405];

layout();
byId("picks").append(
  ...PICKS.map(find).map((product) =>
    card(product, {
      testId: `pick-${product.id}`,
      onOpen: () => openFromCampaign(product, CAMPAIGN, PAGE_ID),
      buy: basketButton(product),
    }),
  ),
);
