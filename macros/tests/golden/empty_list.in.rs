routes![];
